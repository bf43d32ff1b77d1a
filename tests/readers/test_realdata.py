"""Public data sets come in whole: every row that their description counts."""

from __future__ import annotations

import shutil

import pytest

SETS = {
    "codealpaca": (["codealpaca/code_alpaca_2k.json"], 'preset = "alpaca"', 2017),
    "gpteacher-codegen": (["gpteacher/codegen-instruct.json"], 'preset = "alpaca"', 4535),
    "gpteacher-roleplay": (["gpteacher/roleplay-instruct.json"], 'preset = "alpaca"', 1923),
    "gpteacher-toolformer": (["gpteacher/toolformer-dedupe-only.json"], 'preset = "alpaca"', 7673),
    "gpteacher-similarity": (["gpteacher/toolformer-similarity-0.7.json"], 'preset = "alpaca"', 3487),
    "hh-rlhf": (["hh-rlhf/harmless-base-test.jsonl.gz"], 'preset = "hh-rlhf"', 2312),
    "gsm8k": (
        ["gsm8k/train.jsonl", "gsm8k/test.jsonl"],
        '[source.fields]\ntext = {user = "question", assistant = "answer"}',
        7473 + 1319,
    ),
    "gsm8k-solutions": (
        ["gsm8k/example_model_solutions.jsonl"],
        """[source.fields]
text = [{user = "question"}, {assistant = "ground_truth"},
{assistant = "6b_finetuning.solution"}, {assistant = "6b_verification.solution"},
{assistant = "175b_finetuning.solution"}, {assistant = "175b_verification.solution"}]""",
        1319,
    ),
    "self-instruct": (
        ["self-instruct/seed_tasks.jsonl"],
        'explode = "instances"\n[source.fields]\ntext = {user = ["instruction", "input"], assistant = "output"}',
        175,
    ),
    "alpaca-eval": (["alpaca_eval/gpt4.model_outputs.json"], 'preset = "alpaca-eval"', 805),
    "humaneval": (
        ["humaneval/HumanEval.jsonl.gz"],
        '[source.fields]\nrecord_id = "task_id"\ntext = {user = "prompt", assistant = "canonical_solution"}',
        164,
    ),
    "fast-detect-gpt": (
        ["fast-detect-gpt/xsum_gpt-4.raw_data.json"],
        'shape = "object-of-lists"\n[source.fields]\ntext = {text = "sampled"}',
        150,
    ),
    "md-agreement": (
        ["md-agreement/MD-Agreement_dev.json"],
        'shape = "object-of-records"\n[source.fields]\ntext = {text = "text"}',
        1104,
    ),
    "t0-mix": (
        ["t0-mix/t0-mix.jsonl.gz"],
        '[source.fields]\ntext = {user = "prompt", assistant = "completion"}\nprompt_template = "template"',
        55185,
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_a_public_data_set_comes_in_whole(delivery, read, realdata, name):
    """Records in are the rows described, all of them audited, none odd."""
    files, source, count = SETS[name]
    head = '[dataset]\nid = "d"\nversion = "1"\n[[source]]\nid = "s"\nfiles = ["data/*"]\n'
    folder = delivery(f"{head}{source}\n", {})
    (folder / "data").mkdir()
    for file in files:
        if not (realdata / file).is_file():
            pytest.skip(f"{file} is not among the public data sets here")
        shutil.copy(realdata / file, folder / "data")
    ledger = read(folder).ledger
    assert sum(f.records or 0 for f in ledger.files) == count
    assert (ledger.audited["s"], ledger.rejected["s"], ledger.uncounted, ledger.notes) == (count, 0, {}, ())
