"""Find secrets in the files of the repository, untracked files included.

A line that only looks like a secret carries ``# pragma: allowlist secret``.
"""

import subprocess
import sys

PINS = r"^requirements/.*\.txt$"


def main() -> int:
    """Run detect-secrets without asking any service whether a secret is valid."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    hook = [
        *(sys.executable, "-m", "detect_secrets.pre_commit_hook"),
        *("--no-verify", "--exclude-files", PINS),
        *("--disable-plugin", "HexHighEntropyString"),  # digests are this platform's identities
        *filter(None, files.split("\0")),
    ]
    return subprocess.run(hook, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
