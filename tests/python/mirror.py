"""A small tuf-root, and a mirror of a small crates index, made and read by python-tuf.

mirror.py make DIR     writes one folder for each case: tuf-root/, tuf-crates/, 1.root.json
mirror.py ask DIR      what python-tuf's client says of each case: one JSON object a line
"""

import copy
import hashlib
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import unquote, urlparse

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

CRATE = "crates/demo/demo-1.0.0.crate"
INDEX = "index/de/mo/demo"
FILES = {
    CRATE: b"the crate demo, version 1.0.0",
    INDEX: b'{"name":"demo","vers":"1.0.0","yanked":false}\n{"name":"demo","vers":"1.1.0","yanked":false}\n',
}
BINS = 16
LONG = datetime(2046, 1, 1, tzinfo=timezone.utc)
OVER = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Repository:
    """Keys and metadata of one repository; `publish` writes what a server has."""

    def __init__(self, holders, threshold):
        self.holders = [CryptoSigner.generate_ecdsa() for _ in range(holders)]
        self.online = CryptoSigner.generate_ecdsa()
        self.roots = []
        self.root = Root(version=1, expires=LONG, consistent_snapshot=True)
        for signer in self.holders:
            self.root.add_key(signer.public_key, "root")
            self.root.add_key(signer.public_key, "targets")
        for role in ["snapshot", "timestamp"]:
            self.root.add_key(self.online.public_key, role)
        for role in ["root", "targets"]:
            self.root.roles[role].threshold = threshold
        self.targets = {"targets": Targets(version=1, expires=LONG)}
        self.snapshot = Snapshot(version=1, expires=LONG)
        self.timestamp = Timestamp(version=1, expires=LONG)
        self.files = {}
        self.signed = {}
        self.new_root()

    def sign(self, content, signers):
        document = Metadata(copy.deepcopy(content))
        for signer in signers:
            document.sign(signer, append=True)
        return document.to_bytes(JSONSerializer(compact=False))

    def new_root(self):
        self.root.version = len(self.roots) + 1
        self.roots.append(self.sign(self.root, self.holders))

    def delegate(self, role, signers, threshold, **where):
        delegated = DelegatedRole(role, [], threshold, terminating=True, **where)
        delegations = self.targets["targets"].delegations
        if delegations is None:
            delegations = Delegations({}, {})
            self.targets["targets"].delegations = delegations
        delegations.roles[role] = delegated
        for signer in signers:
            self.targets["targets"].add_key(signer.public_key, role)
        self.targets[role] = Targets(version=1, expires=LONG)

    def add(self, role, name, content):
        self.targets[role].targets[name] = TargetFile.from_data(name, content, ["sha256"])
        self.files[name] = content

    def sign_all(self):
        """Signs every targets document, then the snapshot and the timestamp."""
        for role, content in self.targets.items():
            signers = self.holders if role in ("targets", "crates") else [self.online]
            self.signed[role, content.version] = self.sign(content, signers)
            self.snapshot.meta[f"{role}.json"] = MetaFile(content.version)
        self.signed["snapshot", self.snapshot.version] = self.sign(self.snapshot, [self.online])
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.signed["timestamp", self.timestamp.version] = self.sign(self.timestamp, [self.online])

    def next(self, *roles):
        """New versions of these targets documents, of snapshot and timestamp."""
        for role in roles:
            self.targets[role].version += 1
        self.snapshot.version += 1
        self.timestamp.version += 1
        self.sign_all()

    def publish(self, folder):
        metadata = folder / "metadata"
        metadata.mkdir(parents=True)
        for version, content in enumerate(self.roots, 1):
            (metadata / f"{version}.root.json").write_bytes(content)
        for (role, version), content in self.signed.items():
            if role == "timestamp":
                if version == self.timestamp.version:
                    (metadata / "timestamp.json").write_bytes(content)
            else:
                (metadata / f"{version}.{role}.json").write_bytes(content)
        for name, content in self.files.items():
            path = folder / "targets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256(content).hexdigest()
            path.with_name(f"{digest}.{path.name}").write_bytes(content)


def bin_of(name):
    return int(hashlib.sha256(name.encode()).hexdigest()[0], 16)


def crates(scheme):
    repository = Repository(3, 2)
    if scheme == "bins":
        for number in range(BINS):
            prefix = [f"{number:x}"]
            repository.delegate(f"bin-{number:x}", [repository.online], 1, path_hash_prefixes=prefix)
    for name, content in FILES.items():
        role = f"bin-{bin_of(name):x}" if scheme == "bins" else "targets"
        repository.add(role, name, content)
    repository.sign_all()
    return repository


def tuf_root(crates_root):
    repository = Repository(5, 3)
    paths = ["crates/*"]
    repository.delegate("crates", repository.holders, 3, paths=paths)
    repository.add("crates", "crates/root.json", crates_root)
    repository.sign_all()
    return repository


def lay(folder, root, mirror):
    root.publish(folder / "tuf-root")
    mirror.publish(folder / "tuf-crates")
    (folder / "1.root.json").write_bytes(root.roots[0])


def swap(folder, name, content):
    """The mirror serves other bytes under the name and the hash of a target."""
    path = folder / "tuf-crates" / "targets" / name
    digest = hashlib.sha256(FILES[name]).hexdigest()
    path.with_name(f"{digest}.{path.name}").write_bytes(content)


def make(out):
    for scheme in ["plain", "bins"]:
        mirror = crates(scheme)
        role = f"bin-{bin_of(INDEX):x}" if scheme == "bins" else "targets"
        other = f"bin-{(bin_of(INDEX) + 1) % BINS:x}"
        root = tuf_root(mirror.roots[0])
        lay(out / f"{scheme}-good", root, mirror)

        lay(out / f"{scheme}-swapped-crate", root, mirror)
        swap(out / f"{scheme}-swapped-crate", CRATE, b"another crate altogether 1.0.")
        lay(out / f"{scheme}-removed-line", root, mirror)
        swap(out / f"{scheme}-removed-line", INDEX, FILES[INDEX].splitlines(True)[0])
        lay(out / f"{scheme}-flipped-yank", root, mirror)
        swap(out / f"{scheme}-flipped-yank", INDEX, FILES[INDEX].replace(b"false", b"true", 1))

        frozen = copy.deepcopy(mirror)
        frozen.timestamp.expires = OVER
        frozen.sign_all()
        lay(out / f"{scheme}-frozen-timestamp", root, frozen)

        newer = copy.deepcopy(mirror)
        newer.next(role)
        lay(out / f"{scheme}-newer", root, newer)

        # The snapshot lists version 2 of a document, and the mirror serves version 1 as it.
        mixed = copy.deepcopy(mirror)
        mixed.next(role)
        mixed.signed[role, 2] = mixed.signed[role, 1]
        lay(out / f"{scheme}-mixed-versions", root, mixed)

        if scheme == "bins":
            outside = copy.deepcopy(mirror)
            outside.add(other, INDEX, FILES[INDEX])
            del outside.targets[role].targets[INDEX]
            outside.next(role, other)
            lay(out / "bins-outside-prefix", root, outside)

        unauthorised = copy.deepcopy(mirror)
        unauthorised.new_root()
        lay(out / f"{scheme}-unauthorised-root", root, unauthorised)

        replaced = crates(scheme)
        lay(out / f"{scheme}-other-root", root, replaced)


def client(folder, state, bootstrap):
    """The content of the index file as a plain client of tuf-crates gets it."""
    from tuf.api.exceptions import DownloadHTTPError
    from tuf.ngclient import FetcherInterface, Updater

    class Files(FetcherInterface):
        def _fetch(self, url):
            path = Path(unquote(urlparse(url).path))
            if not path.is_file():
                raise DownloadHTTPError("not there", 404)
            return iter([path.read_bytes()])

    base = (folder / "tuf-crates").resolve().as_uri()
    (state / "targets").mkdir(parents=True, exist_ok=True)
    updater = Updater(
        metadata_dir=str(state),
        metadata_base_url=f"{base}/metadata/",
        target_base_url=f"{base}/targets/",
        target_dir=str(state / "targets"),
        fetcher=Files(),
        bootstrap=bootstrap,
    )
    updater.refresh()
    for name in [INDEX, CRATE]:
        info = updater.get_targetinfo(name)
        if info is None:
            raise ValueError(f"no role lists {name}")
        updater.download_target(info, filepath=str(state / "targets" / "file"))


def ask(out):
    import tempfile

    for case in sorted(path for path in out.iterdir() if path.is_dir()):
        scheme = case.name.split("-")[0]
        first = (out / f"{scheme}-good" / "tuf-crates/metadata/1.root.json").read_bytes()
        with tempfile.TemporaryDirectory() as state:
            try:
                if case.name.endswith("-newer"):
                    # After the newer state the mirror goes back to the old one.
                    client(case, Path(state), first)
                    client(out / f"{scheme}-good", Path(state), first)
                else:
                    client(case, Path(state), first)
                answer = "accepted"
            except Exception as error:
                answer = type(error).__name__
        name = case.name.replace("-newer", "-old-snapshot")
        print(json.dumps({"case": name, "python-tuf": answer}))


if __name__ == "__main__":
    {"make": make, "ask": ask}[sys.argv[1]](Path(sys.argv[2]))
