"""Ten paragraphs, picked at random, for a review of the texts against CONTRIBUTING.md.

    python3 tests/paragraphs.py [SEED] [--commits RANGE]

picks three paragraphs of documents, three comments, two texts of the program or of the scripts, and
two paragraphs of commit messages. It prints the seed, and where each one is. The same seed and the
same commit give the same ten. When one breaks a rule, search the tree for others of that kind, fix
all of them, and try the next seed.
"""

import argparse
import random
import re
import subprocess
import tomllib

# Fewer words say too little to break a rule.
SHORTEST = 6

# Records of released versions, and pages that the program writes from scripts.
LEFT_OUT = re.compile(r"^(tests/data/|runbooks/[^/]*\.md$|fuzz/corpus/|docs/dependencies\.txt$)")


def git(*arguments):
    return subprocess.run(("git", *arguments), check=True, capture_output=True, text=True).stdout


def tracked(ending):
    names = git("ls-files", f"*{ending}").splitlines()
    return [name for name in names if not LEFT_OUT.search(name)]


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def documents():
    """The paragraphs, list items and rows of tables, without blocks of code."""
    for name in tracked(".md"):
        page = re.sub(r"^ *```.*?^ *```", "", read(name), flags=re.M | re.S)
        for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) ?)", page):
            if not block.startswith("    "):
                yield name, block


def comments():
    """The blocks of lines that begin with `//`."""
    for name in tracked(".rs"):
        for block in re.findall(r"(?:^[ \t]*//.*\n)+", read(name), flags=re.M):
            for part in re.split(r"^[ \t]*//[/!]?\s*\n", block, flags=re.M):
                yield name, re.sub(r"^[ \t]*//[/!]? ?", "", part, flags=re.M)


def shown():
    """The strings of the program, without those of its tests, and the texts of scripts."""
    for name in tracked(".rs"):
        if re.match(r"(src|crates/\w+/src)/", name) and "/tests/" not in name:
            code = read(name).split("#[cfg(test)]")[0]
            code = re.sub(r"^[ \t]*//.*\n", "", code, flags=re.M)
            # The character '"' begins no string.
            code = re.sub(r"'\\?\"'", "''", code)
            for text in re.findall(r'"((?:[^"\\]|\\.)*)"', code, flags=re.S):
                # Templates of TOML, CSS and the like are no prose.
                if not re.search(r'\\n.*=|\{\{|\{ [a-z-]+:|\w+\.\w+\.\w+', text):
                    yield name, re.sub(r"\\\n\s*", "", text)
    for name in tracked(".toml"):
        if name.startswith("ceremony-scripts/"):
            script = tomllib.loads(read(name))
            for act in script.get("act", []):
                for step in act["step"]:
                    yield name, step["words"]


def commits(revisions):
    """The subjects and the paragraphs of the messages."""
    for commit in git("log", "--format=%h%x00%B%x01", revisions).split("\x01"):
        if "\0" in commit:
            name, message = commit.strip().split("\0")
            for block in message.split("\n\n"):
                yield name, block


def pick(chance, count, found):
    """So many of these, without repetition. The order of `found` must be the same each time."""
    enough = []
    for place, text in found:
        text = " ".join(text.split())
        words = re.findall(r"[^\W\d_]{2,}", re.sub(r"\{[^}]*\}", "", text))
        if len(words) >= SHORTEST:
            enough.append((place, text))
    return chance.sample(enough, count)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", nargs="?", type=int, default=random.randrange(100_000))
    parser.add_argument("--commits", default="HEAD", help="the range of `git log`")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    print(f"seed {given.seed}, commit {git('rev-parse', '--short', 'HEAD').strip()}")
    kinds = ((3, documents()), (3, comments()), (2, shown()), (2, commits(given.commits)))
    for count, found in kinds:
        for place, text in pick(chance, count, found):
            print(f"\n{place}\n    {text}")


main()
