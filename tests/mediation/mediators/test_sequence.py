from mediation import flow
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.mediators.support import mistakes
from tests.mediation.support import DictEnvironment

FAILING = '<sequence key="nowhere"/>'


def sequence(name: str, body: str, on_error: str) -> str:
    return f'<sequence xmlns="{SYNAPSE_NS}" name="{name}" onError="{on_error}">{body}</sequence>'


def run(env: DictEnvironment, name: str) -> MessageContext:
    ctx = MessageContext(env)
    flow.run_leg(env.sequence(name).mediate, ctx, env.sequence("fault"))
    return ctx


def test_on_error_names_the_sequence_that_deals_with_failures():
    env = DictEnvironment(sequence("a", FAILING, "handler"), handler='<property name="by" value="handler"/>')

    ctx = run(env, "a")

    assert (ctx.get("by"), ctx.get("ERROR_MESSAGE")) == ("handler", "Sequence named nowhere cannot be found")


def test_an_on_error_that_is_not_deployed_leaves_failures_to_the_next_handler(caplog):
    env = DictEnvironment(
        sequence("inner", FAILING, "missing"),
        sequence("outer", '<sequence key="inner"/>', "handler"),
        handler='<property name="by" value="handler"/>',
        fault='<property name="by" value="fault"/>',
    )

    assert run(env, "outer").get("by") == "handler"
    assert "onError handler : missing for sequence : inner cannot be found" in caplog.messages


def test_a_reference_names_no_fault_sequence() -> None:
    assert "cannot have the attribute" in mistakes('<sequence key="s" onError="fault"/>')[0]
