import stat
import struct
import zipfile

import pytest

from artifacts.synapse_xml.packages import PackageError, archive
from artifacts.synapse_xml.packages.archive import archive_files

SEQUENCE = b'<sequence name="s"><drop/></sequence>'


def pack(path, *members, compression=zipfile.ZIP_DEFLATED):
    """Members are names, ZipInfo objects, or pairs with their content."""
    with zipfile.ZipFile(path, "w", compression) as package:
        for member in members:
            name, content = member if isinstance(member, tuple) else (member, SEQUENCE)
            package.writestr(name, content)
    return path


def refusal(path):
    with pytest.raises(PackageError) as caught:
        archive_files(path, str(path))
    return str(caught.value)


def test_members_are_read_in_their_order_and_what_is_no_configuration_is_only_named(tmp_path):
    path = pack(tmp_path / "app.zip", "b.xml", ("lib.jar", b"PK"), "a.xml", ("empty/", b""))

    assert [(file.path, file.content) for file in archive_files(path, str(path))] == [
        ("b.xml", SEQUENCE),
        ("lib.jar", None),
        ("a.xml", SEQUENCE),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/x.xml",
        "a/../../x.xml",
        "a/..",
        "/etc/x.xml",
        "C:/x.xml",
        "c:x.xml",
        "a\\..\\x.xml",
        "a\r\nb.xml",
        "a\x7f.xml",
    ],
)
def test_a_name_that_leaves_the_package_is_refused(tmp_path, name):
    path = pack(tmp_path / "evil.car", "good.xml", name)

    shown = name.encode("unicode_escape").decode()
    assert (
        refusal(path)
        == f"{path}!/{shown}: the name leads out of the package, or is no plain path: pack it again without this member"
    )


def test_a_name_with_a_nul_is_refused(tmp_path):
    path = pack(tmp_path / "evil.car", "aXb.xml")
    path.write_bytes(path.read_bytes().replace(b"aXb.xml", b"a\0b.xml"))

    assert "a\\x00b.xml: the name leads out of the package" in refusal(path)


def test_a_symbolic_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("link.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert refusal(pack(tmp_path / "evil.car", (link, b"/etc/passwd"))).endswith(
        "!/link.xml: is a symbolic link or a special file"
    )


@pytest.mark.parametrize(("one", "other"), [("a.xml", "A.XML"), ("a.xml", "./a.xml"), ("a/b.xml", "a//b.xml")])
def test_two_members_of_one_name_are_refused(tmp_path, one, other):
    assert refusal(pack(tmp_path / "evil.car", one, other)).endswith(
        f"!/{other}: there are two members of this name ({one})"
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused(tmp_path):
    assert "two members of this name" in refusal(pack(tmp_path / "evil.car", "artifacts.xml", "artifacts.xml"))


def test_an_encrypted_member_is_refused(tmp_path):
    path = pack(tmp_path / "evil.car", "a.xml")
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    path.write_bytes(data)

    assert refusal(path).endswith("!/a.xml: is encrypted")


def test_other_methods_than_deflate_are_refused_because_they_inflate_without_a_bound(tmp_path):
    path = pack(tmp_path / "evil.car", "a.xml", compression=zipfile.ZIP_BZIP2)

    assert refusal(path).endswith("!/a.xml: is packed by a method other than deflate")


@pytest.mark.parametrize("name", ["bomb.xml", "bomb.bin"])
def test_a_bomb_is_refused(tmp_path, name):
    path = pack(tmp_path / "bomb.car", (name, b"\0" * 4_000_000))

    assert refusal(path).endswith(f"!/{name}: inflates to more than 100 times its packed size")


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path):
    path = pack(tmp_path / "bomb.car", ("bomb.xml", b"\0" * 4_000_000))
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", 4_000_000), struct.pack("<L", 1000)))

    assert str(path) in refusal(path)


def test_a_large_member_is_refused(tmp_path):
    path = pack(tmp_path / "big.car", ("big.xml", bytes(range(256)) * 5000), compression=zipfile.ZIP_STORED)

    assert refusal(path).endswith("!/big.xml: has more than 1048576 bytes")


def test_a_large_library_is_no_obstacle_because_it_is_not_read(tmp_path):
    path = pack(tmp_path / "app.car", "a.xml", ("lib.jar", bytes(range(256)) * 5000), compression=zipfile.ZIP_STORED)

    assert len(archive_files(path, str(path))) == 2


def test_the_sum_of_members_has_a_cap(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 2 * len(SEQUENCE))
    path = pack(tmp_path / "big.car", "1.xml", "2.xml", "3.xml")

    assert refusal(path).endswith("!/3.xml: the package inflates to more than 74 bytes")


def test_too_many_members_are_refused_before_they_are_listed(tmp_path):
    path = pack(tmp_path / "many.car", *((f"{number}.txt", b"") for number in range(2001)))

    assert refusal(path) == f"{path}: 2001 members; at most 2000 are read"


def test_too_many_members_are_refused_when_their_number_is_a_lie(tmp_path):
    path = pack(tmp_path / "many.car", *((f"{number}.txt", b"") for number in range(2001)))
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<2H", 2001, 2001), struct.pack("<2H", 1, 1)))

    assert refusal(path) == f"{path}: 2001 members; at most 2000 are read"


def test_a_large_directory_is_refused_before_it_is_read(tmp_path):
    path = pack(tmp_path / "many.car", *((f"{number}".zfill(60_000), b"") for number in range(20)))

    assert "its directory has" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06", SEQUENCE])
def test_something_else_is_refused(tmp_path, content):
    path = tmp_path / "app.car"
    path.write_bytes(content)

    assert refusal(path) == f"{path}: is not a zip archive"


def test_a_missing_file_is_refused(tmp_path):
    assert refusal(tmp_path / "no.car") == f"{tmp_path / 'no.car'}: No such file or directory"


def test_damaged_content_is_refused(tmp_path):
    path = pack(tmp_path / "app.car", "a.xml", compression=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(SEQUENCE, SEQUENCE.replace(b"drop", b"dorp")))

    assert "cannot be read as a zip archive: Bad CRC-32" in refusal(path)


def test_a_directory_that_points_into_nowhere_is_refused(tmp_path):
    path = pack(tmp_path / "app.car", "a.xml")
    data = bytearray(path.read_bytes())
    data[-6:-2] = struct.pack("<L", len(data) * 2)
    path.write_bytes(data)

    assert "cannot be read as a zip archive" in refusal(path)
