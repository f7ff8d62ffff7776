import zipfile

import pytest

from artifacts.synapse_xml.packages import Ignored, PackageError, read_path

SEQUENCE = '<sequence name="{}"><drop/></sequence>'


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


FILES = {
    "sequences/a.xml": SEQUENCE.format("a"),
    "deployment.toml": "[transport.ws]\nsender.outflow_dispatch_sequence = 'a'",
    "test/a-test.xml": "<unit-test/>",
    "transform.xslt": "<x/>",
    "inner.car": "",
}
IGNORED = [
    ("inner.car", "a package in a package; give it as a path of its own"),
    ("test/a-test.xml", "<unit-test> is not Synapse configuration"),
    ("transform.xslt", "neither .xml nor a deployment.toml"),
]


def test_a_directory_is_read_with_everything_accounted_for(tmp_path):
    write(tmp_path, FILES)

    package = read_path(tmp_path)

    assert [found.place for found in package.artifacts] == [f"{tmp_path}/sequences/a.xml:1"]
    assert [found.place for found in package.transports] == [f"{tmp_path}/deployment.toml:1"]
    assert sorted((found.file, found.reason) for found in package.ignored) == [
        (f"{tmp_path}/{name}", reason) for name, reason in IGNORED
    ]


@pytest.mark.parametrize("suffix", ["zip", "car", "CAR"])
def test_a_package_is_read_with_everything_accounted_for(tmp_path, suffix):
    path = tmp_path / f"app.{suffix}"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)

    package = read_path(path)

    assert [found.place for found in package.artifacts] == [f"{path}!/sequences/a.xml:1"]
    assert [found.place for found in package.transports] == [f"{path}!/deployment.toml:1"]
    assert sorted((found.file, found.reason) for found in package.ignored) == [
        (f"{path}!/{name}", reason) for name, reason in IGNORED
    ]


def test_a_file_is_read(tmp_path):
    write(tmp_path, {"a.xml": SEQUENCE.format("a")})

    assert [found.name for found in read_path(tmp_path / "a.xml").artifacts] == ["a"]


def test_a_deployment_toml_is_read(tmp_path):
    write(tmp_path, FILES)

    assert [found.scheme for found in read_path(tmp_path / "deployment.toml").transports] == ["ws"]


def test_a_file_that_was_named_and_is_no_configuration_is_an_error(tmp_path):
    write(tmp_path, {"pom.xml": "<project/>"})

    with pytest.raises(PackageError, match=r"pom\.xml: <project> is not Synapse configuration"):
        read_path(tmp_path / "pom.xml")


def test_a_directory_without_configuration_is_an_error(tmp_path):
    write(tmp_path, {"pom.xml": "<project/>", "x.txt": ""})

    with pytest.raises(PackageError, match=r"there is no Synapse configuration in it \(2 files\)"):
        read_path(tmp_path)


def test_empty_definitions_are_configuration(tmp_path):
    write(tmp_path, {"synapse.xml": "<definitions/>"})

    assert read_path(tmp_path).ignored == [Ignored(f"{tmp_path}/synapse.xml", "<definitions> is empty", 1)]


def test_one_file_that_cannot_be_read_is_an_error_of_the_whole_directory(tmp_path):
    write(tmp_path, {"a.xml": SEQUENCE.format("a"), "sub/b.xml": "<sequence\n<"})

    with pytest.raises(PackageError, match=r"/sub/b\.xml:2: "):
        read_path(tmp_path)


def test_a_missing_path_is_an_error(tmp_path):
    with pytest.raises(PackageError, match=r"nowhere\.xml: No such file or directory"):
        read_path(tmp_path / "nowhere.xml")
