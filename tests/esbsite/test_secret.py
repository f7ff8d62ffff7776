import stat
from concurrent.futures import ThreadPoolExecutor

from esbsite.secret import secret_key


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "secret_key"
    key = secret_key(path)

    assert len(key) >= 50
    assert secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_start_together_get_the_same_key(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path / "secret_key"), range(64)))

    assert len(keys) == 1
