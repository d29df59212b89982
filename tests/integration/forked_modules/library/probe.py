#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module that behaves in each way that a module can, good and bad."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: probe
short_description: Behave in one way
description:
  - Behaves in one of the ways that a module can, good and bad.
author: Contributors to Towpath
options:
  does:
    description: What to do.
    type: str
    required: true
  secret:
    description: Never shown.
    type: str
"""

EXAMPLES = r"""
- name: Warn
  probe:
    does: warn
"""

RETURN = r"""
seen:
  description: What the module saw.
  returned: sometimes
  type: raw
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule


def warn(module: AnsibleModule) -> None:
    module.warn("First warning.")
    module.warn("Second warning.")
    module.exit_json(changed=True, warnings=["Third warning."])


def deprecate(module: AnsibleModule) -> None:
    module.deprecate("Old option.", version="99.0", collection_name="amazon.aws")
    module.deprecate("Old value.", date="2999-01-01")
    module.exit_json()


def tell_the_secret(module: AnsibleModule) -> None:
    module.exit_json(msg=f"It is {module.params['secret']}.", seen={"again": [module.params["secret"]]})


def show_a_diff(module: AnsibleModule) -> None:
    module.exit_json(changed=True, diff={"before": "one\ntwo\n", "after": "one\nthree\n"})


def look_around(module: AnsibleModule) -> None:
    umask = os.umask(0o22)
    basic.towpath_count = getattr(basic, "towpath_count", 0) + 1
    names = ("TOWPATH_PROBE", "TOWPATH_PLAY", "AWS_REGION", "TOWPATH_NUMBER")
    seen = {
        "environment": {name: os.environ.get(name) for name in names},
        "child": subprocess.run(["printenv", "TOWPATH_PROBE"], capture_output=True, text=True, check=False).stdout,
        "directory": pathlib.Path.cwd().name,
        "umask": umask,
        "arguments": len(sys.argv),
        "name": __name__,
        "input": sys.stdin.read(),
        "runs": basic.towpath_count,
        "interpreter": sys.executable,
        "verbosity": module._verbosity,
    }
    # What one item of a loop does must not be seen by the next.
    os.environ["TOWPATH_PROBE"] = "left by a module"
    os.chdir("/")
    module.exit_json(seen=seen)


def tell_how_it_runs(module: AnsibleModule) -> None:
    module.exit_json(seen="forked" if "ansible.executor.task_executor" in sys.modules else "started")


def return_special_keys(module: AnsibleModule) -> None:
    module.exit_json(results="not a list", stdout="one\ntwo\n", stderr="three\n", ansible_facts={"probe_fact": 1}, rc=0)


def return_much(module: AnsibleModule) -> None:
    module.exit_json(seen=["häß" * 100 + str(number) for number in range(3000)])


def use_a_temporary_folder(module: AnsibleModule) -> None:
    folder = pathlib.Path(module.tmpdir)
    (folder / "file").write_text("x")
    module.exit_json(seen=folder.is_dir())


def run_a_command(module: AnsibleModule) -> None:
    module.exit_json(seen=module.run_command(["sh", "-c", "echo out; echo err >&2; exit 3"]))


def fail(module: AnsibleModule) -> None:
    module.fail_json(msg="It did not work.", seen=1)


def fail_because(module: AnsibleModule) -> None:
    try:
        raise OSError("The cause.")
    except OSError as error:
        module.fail_json(msg="It did not work.", exception=error)


def raise_an_exception(module: AnsibleModule) -> None:
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise RuntimeError("outer") from error


def print_rubbish(module: AnsibleModule) -> None:
    print("Rubbish before.")
    os.write(1, b"Rubbish below.\n")
    subprocess.run(["echo", "Rubbish beside."], check=False)
    print("Rubbish on the side.", file=sys.stderr)
    module.exit_json(changed=True)


def print_rubbish_last(module: AnsibleModule) -> None:
    print('{"changed": true}\nRubbish after.')
    sys.exit(0)


def print_only_rubbish(module: AnsibleModule) -> None:
    sys.stdout.buffer.write(b"Rubbish \xff\xfe only.\n")
    sys.stdout.flush()
    print("With a reason.", file=sys.stderr)
    sys.exit(4)


def exit_at_once(module: AnsibleModule) -> None:
    os._exit(3)


def exit_with_a_text(module: AnsibleModule) -> None:
    sys.exit("A text as the exit code.")


def return_nothing(module: AnsibleModule) -> None:
    return


def be_killed(module: AnsibleModule) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(module: AnsibleModule) -> None:
    mark = pathlib.Path(os.environ.get("TOWPATH_MARK", os.devnull))
    mark.write_text(str(os.getpid()))
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        if mark.is_file():
            mark.with_suffix(".heard").touch()
        raise
    module.exit_json()


def main() -> None:
    module = AnsibleModule(
        argument_spec={"does": {"type": "str", "required": True}, "secret": {"type": "str", "no_log": True}}
    )
    globals()[module.params["does"]](module)


if __name__ == "__main__":
    main()
