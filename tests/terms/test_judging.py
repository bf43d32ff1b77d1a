from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import Access, Permission
from audit.terms.catalogue import CATALOG
from audit.terms.instruments import InstrumentKind, terms
from audit.terms.judging import Role, resolve
from audit.terms.matching import MakerQuery
from audit.terms.models import identify, models
from audit.terms.permissions import strictness
from audit.terms.use import Purpose, Release, Task, Use

AS_OF = date(2026, 11, 22)
ALLOWED, CONDITIONAL, PROHIBITED = Permission
COMPETING = Use(purpose="train", commercial=True, competing=True, release="api")
RESEARCH = Use(purpose="train", commercial=False, competing=False, release="none")
NAMES = sorted({m.id for m in models().by_name.values()})
uses = st.builds(
    Use,
    purpose=st.sampled_from([None, *Purpose]),
    commercial=st.sampled_from([None, True, False]),
    competing=st.sampled_from([None, True, False]),
    release=st.sampled_from([None, *Release]),
    base_model=st.sampled_from([None, "NONE"]),
    task=st.sampled_from([None, *Task]),
    monthly_users=st.sampled_from([None, 0, 10**9]),
    student=st.sampled_from([None, "acme-1"]),
)
days = st.dates(date(2020, 1, 1), date(2026, 11, 22))


def _ask(use, model, first, last=None, **more):
    first = date.fromisoformat(first)
    query = MakerQuery(
        model=model, generated_from=first, generated_to=date.fromisoformat(last) if last else first, **more
    )
    return resolve(query, use, as_of=AS_OF)


# --- known answers


@pytest.mark.parametrize(
    ("use", "model", "first", "last", "more", "answer"),
    [
        (COMPETING, "text-davinci-003", "2023-01-01", "2023-12-31", {"access": "api"}, PROHIBITED),
        (COMPETING, "text-davinci-003", "2023-01-01", "2023-12-31", {}, PROHIBITED),
        (COMPETING, "gpt4", "2023-04-01", "2023-04-30", {"access": "api"}, PROHIBITED),
        (RESEARCH, "gpt4", "2023-04-01", "2023-04-30", {"access": "api"}, CONDITIONAL),
        (COMPETING, "chatgpt", "2023-05-01", None, {"access": "product"}, PROHIBITED),
        (COMPETING, "davinci", "2023-05-01", None, {}, PROHIBITED),
        (COMPETING, "claude", "2023-01-01", "2023-12-31", {"access": "api"}, None),
        (RESEARCH, "claude", "2023-01-01", "2023-12-31", {}, None),
        (RESEARCH, "claude-3-opus", "2024-07-01", None, {"access": "api"}, PROHIBITED),
        (RESEARCH, "claude-sonnet-4", "2025-09-20", None, {}, PROHIBITED),
        (COMPETING, "deepseek-r1", "2025-03-01", None, {"access": "weights"}, ALLOWED),
        (COMPETING, "deepseek-r1", "2025-03-01", None, {"access": "api", "channel": "direct"}, ALLOWED),
        (COMPETING, "deepseek-r1", "2025-03-01", None, {"access": "api"}, None),
        (COMPETING, "deepseek-chat", "2025-03-01", None, {"access": "api"}, ALLOWED),
        (COMPETING, "deepseek-v3", "2025-01-05", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "llama-3.1-8b-instruct", "2024-09-01", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "llama-3.1-8b-instruct", "2024-09-01", None, {}, None),
        (COMPETING, "llama-7b", "2023-06-01", None, {"access": "weights"}, PROHIBITED),
        (RESEARCH, "llama-7b", "2023-06-01", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "mistral-7b-instruct-v0.2", "2024-03-01", None, {"access": "weights"}, ALLOWED),
        (COMPETING, "mistral-large-2402", "2024-06-01", None, {"access": "api"}, None),
        (RESEARCH, "mistral-large-2402", "2024-06-01", None, {"access": "api"}, ALLOWED),
        (COMPETING, "mistral-large-2402", "2024-02-26", None, {"access": "api"}, PROHIBITED),
        (COMPETING, "mistral-large-latest", "2026-05-01", None, {"access": "api"}, ALLOWED),
        (RESEARCH, "mistral-large-latest", "2026-01-01", None, {"access": "api"}, None),
        (COMPETING, "ministral-8b-instruct-2410", "2025-01-01", None, {"access": "weights"}, PROHIBITED),
        (COMPETING, "gemma-2-9b-it", "2024-09-01", None, {"access": "weights"}, None),
        (RESEARCH, "gemma-2-9b-it", "2024-09-01", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "bard", "2023-10-01", None, {"access": "product"}, PROHIBITED),
        (RESEARCH, "bard", "2023-10-01", None, {"access": "product"}, PROHIBITED),
        (COMPETING, "gpt-4", "2023-06-01", None, {"access": "api", "channel": "azure"}, None),
        (COMPETING, "gpt-oss-20b", "2025-10-01", None, {"access": "weights"}, ALLOWED),
        (COMPETING, "a-model-of-our-own", "2025-10-01", None, {}, None),
        (COMPETING, "Qwen/Qwen2.5-72B-Instruct", "2025-01-01", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "Qwen/Qwen2.5-7B-Instruct", "2025-01-01", None, {"access": "weights"}, ALLOWED),
        (COMPETING, "Qwen/Qwen2.5-3B-Instruct", "2025-01-01", None, {"access": "weights"}, PROHIBITED),
        (COMPETING, "qwen3-max", "2025-10-01", None, {"access": "product"}, PROHIBITED),
        (COMPETING, "qwen3-max", "2025-10-01", None, {"access": "api"}, None),
        (COMPETING, "Qwen/Qwen3-32B", "2025-10-01", None, {"access": "weights"}, ALLOWED),
        (COMPETING, "01-ai/Yi-34B-Chat", "2024-05-29", None, {"access": "weights"}, None),
        (COMPETING, "01-ai/Yi-34B-Chat", "2024-05-30", None, {"access": "weights"}, ALLOWED),
        (RESEARCH, "grok-beta", "2024-12-01", None, {"access": "api"}, PROHIBITED),
        (RESEARCH, "grok-3", "2025-05-01", None, {"access": "product"}, CONDITIONAL),
        (COMPETING, "grok-3", "2025-05-01", None, {"access": "product"}, PROHIBITED),
        (COMPETING, "grok-3", "2025-05-01", None, {"access": "api"}, None),
        (COMPETING, "nvidia/Llama-3.1-Nemotron-70B-Instruct", "2025-06-01", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "nvidia/Nemotron-4-340B-Instruct", "2024-09-01", None, {"access": "weights"}, None),
        (COMPETING, "dbrx-instruct", "2024-06-01", None, {"access": "weights"}, None),
        (COMPETING, "LGAI-EXAONE/EXAONE-3.5-32B-Instruct", "2026-01-01", None, {"access": "weights"}, PROHIBITED),
        (RESEARCH, "LGAI-EXAONE/EXAONE-3.5-32B-Instruct", "2026-01-01", None, {"access": "weights"}, PROHIBITED),
        (RESEARCH, "LGAI-EXAONE/EXAONE-4.0-32B", "2026-01-01", None, {"access": "weights"}, CONDITIONAL),
        (COMPETING, "internlm/internlm3-8b-instruct", "2025-06-01", None, {"access": "weights"}, ALLOWED),
        (COMPETING, "internlm/internlm2-chat-20b", "2025-06-01", None, {"access": "weights"}, None),
        (COMPETING, "command-r-plus", "2024-06-01", None, {"access": "api"}, None),
    ],
)  # fmt: skip
def test_what_a_lawyer_would_answer(use, model, *, first, last, more, answer):
    """Known cases, each with the text that decides it."""
    found = _ask(use, model, first, last, **more)
    assert found.permit is answer, found.reason
    assert found.certain is (answer is not None)
    assert found.reason


@pytest.mark.parametrize(
    ("base", "answer"),
    [
        ("NONE", PROHIBITED),
        ("mistral-7b", PROHIBITED),
        ("meta-llama/Llama-2-7b-hf", CONDITIONAL),
        (None, None),
    ],
)
def test_outputs_of_llama_2_may_improve_llama_2_only(base, answer):
    """The exception turns on the model that training starts from; nobody saying is unknown."""
    use = Use(purpose="train", commercial=True, competing=True, release="weights", base_model=base)
    found = _ask(use, "llama-2-70b-chat", "2023-09-01", access="weights")
    assert found.permit is answer


def test_released_students_of_llama_3_1_owe_a_name():
    """The duty to take a name that begins with Llama comes with a release, and only then."""
    released = _ask(COMPETING, "llama-3.1-8b-instruct", "2024-09-01", access="weights")
    kept = _ask(RESEARCH, "llama-3.1-8b-instruct", "2024-09-01", access="weights")
    name = "name-prefix-llama:also-when-trained-on-outputs"
    assert name in {d.id for d in released.obligations}
    assert name not in {d.id for d in kept.obligations}
    assert kept.permit is CONDITIONAL
    assert next(d for d in released.obligations if d.id == name).terms_id == "llama-3.1-2024"


@pytest.mark.parametrize(
    ("jurisdictions", "answer"), [(("DE",), PROHIBITED), (("US",), CONDITIONAL), ((), None)]
)
def test_outputs_may_be_barred_from_a_territory(jurisdictions, answer):
    """Hunyuan's licence keeps outputs out of the EU; a use that names no place cannot be judged."""
    use = Use(purpose="train", commercial=True, competing=False, release="api", jurisdictions=jurisdictions,
              base_model="tencent/Hunyuan-Large")  # fmt: skip
    assert _ask(use, "tencent/Hunyuan-A52B-Instruct", "2025-01-01", access="weights").permit is answer


# --- conditions as data: pairs of uses that differ in one key


RIVAL = {"purpose": "train", "commercial": True, "competing": True, "release": "none"}
MODEST = {
    "purpose": "train",
    "commercial": True,
    "competing": False,
    "release": "weights",
    "base_model": "NONE",
}
LLAMA_31 = ("llama-3.1-8b-instruct", "2024-09-01", {"access": "weights"})
LLAMA_2 = ("llama-2-70b-chat", "2023-09-01", {"access": "weights"})
GPT_4 = ("gpt-4", "2024-06-01", {"access": "api", "channel": "direct"})
GPT_4_2025 = ("gpt-4", "2025-06-15", {"access": "api", "channel": "direct"})
DEEPSEEK_V3 = ("deepseek-ai/DeepSeek-V3", "2025-01-05", {"access": "weights"})
STABILITY = ("stabilityai/stablelm-zephyr-3b", "2024-01-15", {"access": "weights"})
HYPERCLOVA = ("naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-1.5B", "2025-06-01", {"access": "weights"})
BEDROCK = ("bedrock/llama-3.1-70b-instruct", "2026-02-01", {"access": "api"})
LLAMA_1 = ("llama-7b", "2023-06-01", {"access": "weights"})


@pytest.mark.parametrize(
    ("teacher", "use", "key", "answers", "words"),
    [
        # Non-competing classifiers only: the exception holds for as long as the model stays in the house.
        (GPT_4, RIVAL, "task", {"classifier": CONDITIONAL, "embedding": CONDITIONAL, "general": PROHIBITED,
                                "extraction": PROHIBITED, None: None}, "mainly sorts or classifies"),
        (GPT_4, {**RIVAL, "task": "classifier"}, "release", {"none": CONDITIONAL, "api": PROHIBITED, "weights": PROHIBITED,
                                                            None: None}, "mainly sorts or classifies"),
        (GPT_4_2025, {**RIVAL, "task": "embedding"}, "release", {"none": CONDITIONAL, "weights": PROHIBITED}, "never distributed"),
        (GPT_4, {**RIVAL, "task": "general"}, "competing", {True: PROHIBITED, False: CONDITIONAL, None: None}, "under conditions"),
        # Any-LLM bans: another base lifts them, and whether a classifier is such a model nobody can tell.
        (LLAMA_2, {**MODEST, "task": "general"}, "base_model", {"NONE": PROHIBITED, "llama-2-7b": CONDITIONAL, None: None}, "under conditions"),
        (LLAMA_2, MODEST, "task", {"general": PROHIBITED, "extraction": PROHIBITED, "classifier": None, None: None}, None),
        (LLAMA_2, {**MODEST, "task": "classifier"}, "competing", {True: PROHIBITED, False: None}, None),
        # Distillation barred on one channel only.
        (BEDROCK, MODEST, "purpose", {"train": PROHIBITED, "evaluate": CONDITIONAL}, "for counsel"),
        # Thresholds of users.
        (LLAMA_31, MODEST, "monthly_users", {0: CONDITIONAL, 700_000_000: CONDITIONAL, 700_000_001: PROHIBITED, None: CONDITIONAL},
         "more than 700 million"),
        (HYPERCLOVA, MODEST, "monthly_users", {10_000_000: CONDITIONAL, 10_000_001: PROHIBITED}, None),
        # The student is a derivative: its licence is owed on release, limits of use included.
        (DEEPSEEK_V3, MODEST, "release", {"none": CONDITIONAL, "weights": CONDITIONAL}, "released under the same licence"),
        (STABILITY, MODEST, "commercial", {True: PROHIBITED, False: CONDITIONAL, None: None}, "released under the same licence"),
        # Weights for non-commercial use.
        (LLAMA_1, MODEST, "commercial", {True: PROHIBITED, False: CONDITIONAL, None: None}, "only non-commercial use"),
        # Names and lines to display.
        (LLAMA_31, MODEST, "student", {"Llama-acme": CONDITIONAL, "acme-1": CONDITIONAL, None: CONDITIONAL}, "begins with Llama"),
        (LLAMA_31, MODEST, "release", {"none": CONDITIONAL, "weights": CONDITIONAL, None: CONDITIONAL}, "begins with Llama"),
    ],
)  # fmt: skip
def test_one_key_of_the_use_decides(teacher, use, key, *, answers, words):
    """Each kind of condition, judged for uses that differ in one key; the reasons name what decides."""
    model, day, more = teacher
    reasons = {}
    for value, answer in answers.items():
        asked = Use.model_validate({**use, key: value})
        found = _ask(asked, model, day, **more)
        assert found.permit is answer, (key, value, found.reason)
        reasons[value] = found.reason + " ".join(d.text for d in found.obligations)
    assert words is None or any(words in reason for reason in reasons.values())


def _owed(use, teacher):
    model, day, more = teacher
    return {d.id: d.text for d in _ask(Use.model_validate(use), model, day, **more).obligations}


def test_an_exception_that_is_relied_on_is_owed():
    """To stay undistributed is what the permission costs, so it stands among the duties, and only then."""
    name = "exception:classifiers-and-embeddings-not-distributed"
    assert name in _owed({**RIVAL, "task": "classifier"}, GPT_4)
    assert name not in _owed({**RIVAL, "task": "general"}, GPT_4)
    assert name not in _owed({**RIVAL, "task": "classifier", "competing": False}, GPT_4)


def test_a_lifted_bar_says_which_exception_lifts_it():
    """A lawyer sees both: the prohibition, that it does not bite, and why."""
    found = _ask(Use.model_validate({**RIVAL, "task": "classifier"}), "gpt-4", "2024-06-01", access="api")
    (text,) = found.applied
    bar = next(c for c in text.conditions if c.id == "no-compete-models")
    assert (bar.applies, bar.lifted_by) == (False, ("exception:classifiers-and-embeddings-not-distributed",))


def test_a_threshold_is_a_duty_until_the_number_is_known():
    """Nobody saying is a duty, a number below is none, and a number above is a bar."""
    name = "mau-over-700m-needs-licence"
    assert name in _owed(MODEST, LLAMA_31)
    assert name not in _owed({**MODEST, "monthly_users": 5}, LLAMA_31)
    over = _ask(
        Use.model_validate({**MODEST, "monthly_users": 10**9}),
        "llama-3.1-8b-instruct",
        "2024-09-01",
        access="weights",
    )
    assert (over.permit, name in {d.id for d in over.obligations}) == (PROHIBITED, False)
    assert "licence of its own" in over.reason


@pytest.mark.parametrize(
    ("student", "said"),
    [
        ("acme-1", "The student's name, acme-1, does not begin with Llama."),
        ("acme/Llama-acme-8B", "The student's name, Llama-acme-8B, begins with Llama."),
        (None, ""),
    ],
)
def test_a_duty_to_name_is_judged_against_the_name(student, said):
    """The duty stays a duty whatever the name; its words say whether the name is as asked."""
    text = _owed({**MODEST, "student": student}, LLAMA_31)["name-prefix-llama:also-when-trained-on-outputs"]
    assert text.endswith(said)
    assert ("The student's name" in text) == bool(student)


def test_a_released_student_owes_the_licence_of_its_teacher():
    """A derivative carries the licence, use limits included, once it is released."""
    name = "distilled-student-is-derivative"
    assert "same licence" in _owed(MODEST, DEEPSEEK_V3)[name]
    assert name not in _owed({**MODEST, "release": "none"}, DEEPSEEK_V3)


def test_the_same_model_may_be_barred_on_one_channel_only():
    """A host's bar on generating for training does not reach the weights of the same model."""
    use = Use.model_validate(MODEST)
    assert (
        _ask(use, "llama-3.1-70b-instruct", "2026-02-01", access="api", channel="bedrock").permit
        is PROHIBITED
    )
    assert _ask(use, "llama-3.1-70b-instruct", "2026-02-01", access="weights").permit is CONDITIONAL


def test_every_text_that_applies_has_a_role():
    """Contract and incorporated policy are told apart, and both name the model."""
    found = _ask(RESEARCH, "claude-sonnet-4", "2025-10-01", access="api", channel="direct")
    assert {a.terms_id: (a.role, a.of) for a in found.applied} == {
        "anthropic-commercial-2025-06-17": (Role.CHANNEL_CONTRACT, "claude-sonnet-4"),
        "anthropic-aup-2025-09-15": (Role.INCORPORATED_POLICY, "claude-sonnet-4"),
    }


@given(st.sampled_from(NAMES), days, uses, st.sampled_from(Task))
def test_naming_a_narrow_task_never_makes_a_known_permission_a_bar(model, day, use, task):
    """What is permitted whatever the task stays permitted once the task is known."""
    query = MakerQuery(model, access="api", generated_from=day, generated_to=day)
    vague = resolve(query, use.model_copy(update={"task": None}), as_of=AS_OF)
    if vague.permit is not None:
        precise = resolve(query, use.model_copy(update={"task": task}), as_of=AS_OF)
        assert precise.permit is vague.permit


# --- hosts


@pytest.mark.parametrize(
    ("use", "model", "day", "more", "answer"),
    [
        # No channel: the provider's own terms, whatever any reseller says.
        (COMPETING, "gpt-4", "2024-06-01", {}, PROHIBITED),
        (COMPETING, "text-davinci-003", "2023-03-20", {}, PROHIBITED),
        (RESEARCH, "gpt-4", "2024-06-01", {}, CONDITIONAL),
        # A host that nobody read: unknown, unless what goes with the model bars the use on every channel.
        (COMPETING, "gpt-4", "2024-06-01", {"channel": "azure"}, None),
        (RESEARCH, "azure/gpt-4", "2024-06-01", {}, None),
        (RESEARCH, "claude-3-opus", "2024-07-01", {"channel": "azure"}, PROHIBITED),
        # A host that passes on the provider's terms.
        (COMPETING, "openrouter/openai/gpt-4o", "2026-06-01", {}, PROHIBITED),
        (RESEARCH, "openrouter/openai/gpt-4o", "2026-06-01", {}, CONDITIONAL),
        (RESEARCH, "openrouter/deepseek/deepseek-r1", "2026-06-01", {}, CONDITIONAL),
        (COMPETING, "openrouter/deepseek/deepseek-r1", "2026-06-01", {}, None),
        # Before the text that is on record, nothing is known of the host.
        (COMPETING, "openrouter/openai/gpt-4o", "2026-05-05", {}, None),
        # A host whose own text decides, by day.
        (COMPETING, "meta.llama3-1-70b-instruct-v1:0", "2026-01-23", {}, PROHIBITED),
        (RESEARCH, "bedrock/llama-3.1-70b-instruct", "2026-01-23", {}, CONDITIONAL),
        (RESEARCH, "bedrock/llama-3.1-70b-instruct", "2026-01-24", {}, PROHIBITED),
        # A host's text is not enough: nothing is known of the model.
        (RESEARCH, "together/a-model-of-our-own", "2025-01-01", {}, None),
        (RESEARCH, "gpt-4", "2025-01-01", {"channel": "together"}, None),
        (RESEARCH, "together/Qwen/Qwen2.5-7B-Instruct", "2025-01-01", {}, CONDITIONAL),
        # A host that provides models itself.
        (RESEARCH, "amazon.nova-pro-v1:0", "2025-06-01", {}, CONDITIONAL),
        (COMPETING, "nova-pro", "2025-06-01", {}, PROHIBITED),
        (COMPETING, "sonar-pro", "2025-06-01", {"channel": "direct"}, PROHIBITED),
        # A clause of a host that concerns some providers' models only.
        (RESEARCH, "replicate/black-forest-labs/flux-schnell", "2026-06-01", {}, None),
    ],
)  # fmt: skip
def test_what_a_host_adds(use, model, day, more, answer):
    """The terms of whoever serves a model come on top of those of the model, where the channel is stated."""
    found = _ask(use, model, day, access="api", **more)
    assert found.permit is answer, found.reason


def test_a_host_that_passes_terms_on_lists_both():
    """Both texts stand in the answer, so that a lawyer sees on which the bar rests."""
    found = _ask(COMPETING, "gpt-4o", "2026-06-01", access="api", channel="openrouter")
    assert {a.terms_id: a.conclusion for a in found.applied} == {
        "openai-services-agreement-2026-01-01": PROHIBITED,
        "openrouter-2026-05": None,
    }


HOSTS = sorted({c for v in terms().versions.values() for c in v.channel
                if terms().kind(v) is InstrumentKind.HOST_TERMS})  # fmt: skip


@given(st.sampled_from(NAMES), days, uses, st.sampled_from(HOSTS))
def test_a_host_never_frees_what_the_weights_forbid(model, day, use, host):
    """What the licence of a model bars stays barred by whomever it is served."""
    query = MakerQuery(model, access="weights", generated_from=day, generated_to=day)
    if resolve(query, use, as_of=AS_OF).permit is PROHIBITED:
        hosted = MakerQuery(model, access="api", channel=host, generated_from=day, generated_to=day)
        assert resolve(hosted, use, as_of=AS_OF).permit is PROHIBITED


@given(st.sampled_from([*NAMES, "nobody-knows"]), days, uses, st.sampled_from(HOSTS))
def test_a_permission_through_a_host_needs_a_text_of_the_model(model, day, use, host):
    """No contract with a reseller clears outputs of a model of which nothing is known."""
    query = MakerQuery(model, access="api", channel=host, generated_from=day, generated_to=day)
    found = resolve(query, use, as_of=AS_OF)
    if found.permit in (ALLOWED, CONDITIONAL):
        of_the_model = {a.kind for a in found.applied} - {"host-terms"}
        own = [v for v in terms().versions.values() if terms().provider(v) == identify(model).provider]
        assert of_the_model or {a.terms_id for a in found.applied} <= {v.id for v in own}


def test_outputs_that_change_hands_on_the_day_the_text_changed():
    """An interval over two texts is known only where they agree, and the reason names both sides."""
    found = _ask(COMPETING, "mistral-small", "2024-02-20", "2024-03-10", access="api")
    assert found.permit is None
    assert "prohibited if generated" in found.reason
    assert "to 2024-02-26" in found.reason
    assert "from 2024-02-27" in found.reason
    same = _ask(COMPETING, "gpt-4", "2023-06-01", "2024-01-15", access="api")
    assert same.permit is PROHIBITED
    assert {a.terms_id for a in same.applied} == {"openai-tou-2023-03-14", "openai-business-terms-2023-11"}


def test_an_unstated_channel_is_known_only_if_all_agree():
    """Gemini's own contract bars competing models; what the cloud's says nobody read."""
    found = _ask(COMPETING, "gemini-1.5-pro", "2024-06-01", access="api")
    assert found.permit is None
    assert found.competing_models is None
    assert "has not been read" in found.reason
    assert (
        _ask(COMPETING, "gemini-1.5-pro", "2024-06-01", access="api", channel="direct").permit is PROHIBITED
    )


def test_an_unstated_region_is_known_if_both_texts_agree():
    """Inside and outside Europe the bar is the same, so the region does not matter."""
    found = _ask(COMPETING, "gpt-4", "2024-06-01", access="product")
    assert (found.permit, found.competing_models) == (PROHIBITED, PROHIBITED)
    gap = _ask(COMPETING, "gpt-4", "2024-02-01", access="product", region="DE")
    assert gap.permit is None
    assert "no terms are known" in gap.reason


def test_a_bar_of_one_instrument_is_not_softened_by_another_that_nobody_read():
    """Prohibited comes before unknown."""
    found = _ask(RESEARCH, "claude-3-opus", "2024-07-01", access="api", channel="direct")
    assert found.permit is PROHIBITED
    by_id = {a.terms_id: a for a in found.applied}
    assert by_id["anthropic-terms-2023-2025"].conclusion is None
    assert by_id["anthropic-aup-2024-06-06"].conclusion is PROHIBITED


def test_a_text_that_nobody_read_never_votes():
    """Low confidence concludes unknown for every use, and enters neither axis."""
    for version in terms().versions.values():
        if version.was_read:
            continue
        for use in (COMPETING, RESEARCH, Use(purpose="evaluate")):
            day = version.effective_to or AS_OF
            query = MakerQuery(
                version.models[0].replace("*", "x"),
                access=version.access[0] if version.access else "weights",
                channel=version.channel[0] if version.channel else None,
                generated_from=day,
                generated_to=day,
            )
            found = {a.terms_id: a.conclusion for a in resolve(query, use, as_of=AS_OF).applied}
            assert found[version.id] is None


def test_a_text_without_a_start_votes_where_its_successor_agrees():
    """The oldest OpenAI terms count, since the next text says the same of the use."""
    found = _ask(COMPETING, "text-davinci-003", "2023-02-01", access="api")
    assert [a.terms_id for a in found.applied] == ["openai-tou-pre-2023-03-14"]
    assert (found.permit, found.competing_models) == (PROHIBITED, PROHIBITED)


def test_silence_on_competing_models_is_not_permission():
    """A text that does not mention competing models leaves a competing use unknown."""
    found = _ask(COMPETING, "mistral-large-2402", "2024-06-01", access="api")
    assert (found.train_on_outputs, found.competing_models) == (ALLOWED, None)
    assert "silence is not permission" in found.reason


def test_whether_the_use_competes_matters_only_where_it_matters():
    """A use that does not say is unknown under a bar, and fine where competing is allowed."""
    silent = Use(purpose="train", commercial=True, release="api")
    assert _ask(silent, "gpt-4", "2023-04-01", access="api").permit is None
    assert "competing" in _ask(silent, "gpt-4", "2023-04-01", access="api").reason
    assert _ask(silent, "deepseek-r1", "2025-03-01", access="weights").permit is ALLOWED
    assert _ask(silent, "claude-3-opus", "2024-07-01", access="api").permit is PROHIBITED


def test_measuring_is_not_training():
    """Bars on training do not bite on evaluation; what remains open is for counsel."""
    measure = Use(purpose="evaluate", commercial=True, competing=True, release="api")
    found = _ask(measure, "gpt-4", "2023-04-01", access="api")
    assert found.permit is CONDITIONAL
    assert "counsel" in found.reason
    assert _ask(measure, "deepseek-r1", "2025-03-01", access="weights").permit is ALLOWED
    assert _ask(measure, "llama-7b", "2023-06-01", access="weights").permit is PROHIBITED
    assert _ask(measure, "claude-2", "2023-09-01", access="api").permit is None


def test_a_model_that_is_not_named_can_be_barred_and_never_cleared():
    """A provider all of whose texts bar the use is enough for a bar, nothing is enough for a permission."""
    day = {"generated_from": date(2023, 6, 1), "generated_to": date(2023, 6, 2)}
    barred = resolve(MakerQuery(provider="openai", access="api", **day), COMPETING, as_of=AS_OF)
    assert barred.permit is PROHIBITED
    assert resolve(MakerQuery(provider="openai", access="api", **day), RESEARCH, as_of=AS_OF).permit is None
    assert resolve(MakerQuery(provider="deepseek-ai", access="api"), RESEARCH, as_of=AS_OF).permit is None
    assert resolve(MakerQuery(), RESEARCH, as_of=AS_OF).permit is None


def test_the_day_of_the_audit_bounds_what_can_have_happened():
    """An open end reaches to the audit, so an earlier audit may know more."""
    query = MakerQuery("llama-api/Llama-3.3-70B-Instruct", access="api", generated_from=date(2026, 7, 1))
    assert resolve(query, COMPETING, as_of=date(2026, 7, 7)).permit is CONDITIONAL
    assert resolve(query, COMPETING, as_of=AS_OF).permit is None


# --- laws


@given(st.sampled_from(NAMES), days, uses, st.sampled_from([None, *Access]))
def test_a_permission_without_a_stated_access_holds_for_every_access(model, day, use, access):
    """What is known although nobody says how the model was reached stays true once somebody does."""
    vague = resolve(MakerQuery(model, access=access, generated_from=day, generated_to=day), use, as_of=AS_OF)
    for stated in [access] if access else list(Access):
        precise = resolve(
            MakerQuery(model, access=stated, generated_from=day, generated_to=day), use, as_of=AS_OF
        )
        possible = {a.terms_id for a in precise.applied} <= {a.terms_id for a in vague.applied}
        if vague.permit in (ALLOWED, CONDITIONAL) and possible and precise.permit is not None:
            assert precise.permit is vague.permit


@given(st.sampled_from(NAMES), days, days, uses)
def test_a_shorter_interval_knows_no_less(model, one, other, use):
    """What holds for an interval holds for each of its days, unless the model was not there yet."""
    first, last = sorted((one, other))
    whole = resolve(
        MakerQuery(model, access="api", generated_from=first, generated_to=last), use, as_of=AS_OF
    )
    part = resolve(MakerQuery(model, access="api", generated_from=last, generated_to=last), use, as_of=AS_OF)
    if whole.permit is not None:
        assert part.permit is whole.permit


@given(st.sampled_from(NAMES), days, uses)
def test_no_answer_is_freer_than_any_text_that_applies(model, day, use):
    """The strictest instrument decides, and a gap is never a permission."""
    found = resolve(MakerQuery(model, generated_from=day, generated_to=day), use, as_of=AS_OF)
    if found.permit is not None and found.permit is not PROHIBITED:
        assert found.applied
        assert all(strictness(a.conclusion) <= strictness(found.permit) for a in found.applied)


@given(st.sampled_from(NAMES), days, st.booleans(), st.sampled_from(Release))
def test_a_harmless_use_is_never_worse_off(model, day, commercial, release):
    """Not competing and not commercial is permitted wherever competing commerce is."""
    query = MakerQuery(model, access="api", channel="direct", generated_from=day, generated_to=day)
    harmful = resolve(
        query, Use(purpose="train", commercial=True, competing=True, release=release), as_of=AS_OF
    )
    mild = resolve(
        query, Use(purpose="train", commercial=commercial, competing=False, release=release), as_of=AS_OF
    )
    if harmful.permit in (ALLOWED, CONDITIONAL):
        assert strictness(mild.permit) <= strictness(harmful.permit)


@given(st.sampled_from(NAMES), days, uses)
def test_reasons_never_accuse(model, day, use):
    """Reports speak of terms that restrict, never of anybody having broken them."""
    found = resolve(MakerQuery(model, generated_from=day, generated_to=day), use, as_of=AS_OF)
    assert not re.search(r"breach|violat|illegal|is AI-generated", found.reason, re.IGNORECASE)


def test_the_words_of_the_catalogue_never_accuse():
    """Sentences that reports show are as careful as the reports."""
    text = (CATALOG / "conditions.toml").read_text(encoding="utf-8")
    assert not re.search(r"breach|illegal", text, re.IGNORECASE)


def test_names_that_nobody_lists_are_judged_alike_and_called_by_their_own_name():
    """Two made-up names of one family differ in nothing but the name; what is known of one is not said of another."""
    use = Use(purpose="train", commercial=True, competing=True, release="api")
    for shape in ("gpt-4-{}-x", "meta-llama/Llama-3.1-{}", "nobody-{}"):
        first, second = (
            resolve(MakerQuery(shape.format(name)), use, as_of=date(2026, 1, 1)) for name in ("aaa", "bbb")
        )
        assert str(first).replace("aaa", "bbb") == str(second)
        assert "\0" not in str(first)
    assert "nobody-aaa" in resolve(MakerQuery("nobody-aaa"), use, as_of=date(2026, 1, 1)).reason


def test_many_made_up_names_take_little_time():
    """A delivery with ten thousand teachers that nobody knows is not a way to stop an audit."""
    use = Use(purpose="train", commercial=True, competing=True, release="api")
    start = time.process_time()
    for n in range(3_000):
        resolve(MakerQuery(f"gpt-4-made-up-{n}"), use, as_of=date(2026, 1, 1))
        resolve(MakerQuery(f"made-up-{n}"), use, as_of=date(2026, 1, 1))
    assert time.process_time() - start < 4
