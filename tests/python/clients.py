"""Publishes an exported tree, and follows it as python-tuf's client does.

clients.py key FILE ALGORITHM             makes an online key; prints its public half
clients.py version                        prints python-tuf's
clients.py publish TREE OUT FORM FILE N   signs snapshot and timestamp N, and lays out a server
clients.py follow OUT FORM                prints root version and SHA-256 of the authorised file

FORM is pouf1 or dsse; ALGORITHM is ecdsa-p256, ecdsa-p384, ed25519 or rsa-pss.
"""

import hashlib
import http.server
import json
import shutil
import sys
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from securesystemslib.signer import Signature, Signer, SSlibKey
from tuf.api.dsse import SimpleEnvelope
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Timestamp
from tuf.api.serialization.json import JSONSerializer

TARGET = "crates/root.json"


GENERATE = {
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa-pss": lambda: rsa.generate_private_key(65537, 2048),
}


def make_key(path, algorithm):
    key = GENERATE[algorithm]()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    sys.stdout.write(public.decode())


def envelope(tree, role):
    """The two files of tuf-ci as one DSSE envelope, its payload byte for byte."""
    payload = (tree / f"{role}.json").read_bytes()
    signatures = json.loads((tree / f"{role}.sig.json").read_bytes())["signatures"]
    import base64

    return json.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": "application/vnd.tuf+json",
            "signatures": signatures,
        }
    ).encode()


def root_of(content, form):
    if form == "dsse":
        return SimpleEnvelope.from_bytes(content).get_signed()
    return Metadata.from_bytes(content).signed


def publish(tree, out, form, key, number):
    metadata = out / "metadata"
    shutil.rmtree(out, ignore_errors=True)
    metadata.mkdir(parents=True)
    source = tree / "metadata"

    def content(folder, stem):
        if form == "dsse":
            return envelope(folder, stem)
        return (folder / f"{stem}.json").read_bytes()

    for path in (source / "root_history").glob("*.root.json"):
        stem = path.name.removesuffix(".json")
        (metadata / path.name).write_bytes(content(source / "root_history", stem))
    root = root_of(content(source, "root"), form)
    snapshot = Snapshot(version=number)
    for role in ["targets", "crates"]:
        bytes_ = content(source, role)
        if form == "dsse":
            signed = SimpleEnvelope.from_bytes(bytes_).get_signed()
        else:
            signed = Metadata.from_bytes(bytes_).signed
        (metadata / f"{signed.version}.{role}.json").write_bytes(bytes_)
        snapshot.meta[f"{role}.json"] = MetaFile(signed.version)
    snapshot.expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=21)
    timestamp = Timestamp(version=number, snapshot_meta=MetaFile(number))
    timestamp.expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=7)
    for role, signed in [("snapshot", snapshot), ("timestamp", timestamp)]:
        [keyid] = root.roles[role].keyids
        signer = signer_of(root.keys[keyid], key)
        name = "timestamp.json" if role == "timestamp" else f"{number}.{role}.json"
        if form == "dsse":
            document = SimpleEnvelope.from_signed(signed)
            document.sign(signer)
            (metadata / name).write_bytes(document.to_bytes())
        else:
            document = Metadata(signed)
            document.sign(signer)
            (metadata / name).write_bytes(document.to_bytes(JSONSerializer(compact=False)))
    file = (tree / "targets" / TARGET).read_bytes()
    digest = hashlib.sha256(file).hexdigest()
    # As the specification and every client but one ask for it, and as tough does.
    for name in [f"crates/{digest}.root.json", f"{digest}.{TARGET}"]:
        path = out / "targets" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(file)


class OnlineSigner(Signer):
    """Signs with a key of any algorithm; securesystemslib's own signs with no P-384 key.

    https://github.com/secure-systems-lab/securesystemslib/issues/1153
    """

    def __init__(self, private, public):
        self.private = private
        self.public = public

    @property
    def public_key(self):
        return self.public

    @classmethod
    def from_priv_key_uri(cls, *_):
        raise NotImplementedError

    def sign(self, payload):
        key = self.private
        if isinstance(key, ec.EllipticCurvePrivateKey):
            digest = hashes.SHA256() if key.curve.key_size == 256 else hashes.SHA384()
            signature = key.sign(payload, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PrivateKey):
            signature = key.sign(payload)
        else:
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            signature = key.sign(payload, pss, hashes.SHA256())
        return Signature(self.public.keyid, signature.hex())


def signer_of(public, path):
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    return OnlineSigner(private, SSlibKey.from_dict(public.keyid, public.to_dict()))


def follow(out, form):
    from tuf.ngclient import Updater
    from tuf.ngclient.config import EnvelopeType, UpdaterConfig

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    kind = EnvelopeType.SIMPLE if form == "dsse" else EnvelopeType.METADATA
    with tempfile.TemporaryDirectory() as state:
        updater = Updater(
            metadata_dir=state,
            metadata_base_url=f"{base}/metadata/",
            target_base_url=f"{base}/targets/",
            target_dir=state,
            config=UpdaterConfig(envelope_type=kind),
            bootstrap=(out / "metadata/1.root.json").read_bytes(),
        )
        updater.refresh()
        info = updater.get_targetinfo(TARGET)
        if info is None:
            raise ValueError(f"no role lists {TARGET}")
        path = updater.download_target(info, filepath=f"{state}/file")
        content = Path(path).read_bytes()
        root = root_of(Path(state, "root.json").read_bytes(), form)
    print(f"{root.version} {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "key":
        make_key(Path(rest[0]), rest[1])
    elif command == "version":
        print(version("tuf"))
    elif command == "publish":
        publish(Path(rest[0]), Path(rest[1]), rest[2], Path(rest[3]), int(rest[4]))
    else:
        follow(Path(rest[0]), rest[1])
