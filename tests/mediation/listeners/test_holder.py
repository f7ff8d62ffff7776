import os
import socket

from mediation.listeners.holder import port_holder


def test_the_process_that_listens_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        holder = port_holder(server.getsockname()[1])

    assert holder is not None
    assert holder.startswith(f"process {os.getpid()} (")


def test_a_port_that_is_bound_but_not_listened_on_has_no_holder():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert port_holder(bound.getsockname()[1]) is None


def test_without_proc_nobody_is_known(tmp_path):
    assert port_holder(80, proc=tmp_path) is None
