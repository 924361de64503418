"""A mirror that withholds the next root, and a thief of the online key: what python-tuf accepts.

    held_back.py key FOLDER              makes an online key: online.pem and online.pub
    held_back.py accepts METADATA KEY MOMENT...
                                         whether a client with the root in METADATA accepts, at each
                                         moment (ISO 8601), what the key signs for that moment
"""

import datetime
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import MetaFile, Metadata, Root, Snapshot, Targets, Timestamp
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType


def key(folder):
    private = ec.generate_private_key(ec.SECP256R1())
    Path(folder, "online.pem").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    Path(folder, "online.pub").write_bytes(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    print("{}")


def accepts(metadata, pem, *moments):
    root_bytes = Path(metadata, "root.json").read_bytes()
    targets_bytes = Path(metadata, "targets.json").read_bytes()
    root = Metadata[Root].from_bytes(root_bytes).signed
    (keyid,) = root.roles["timestamp"].keyids
    private = load_pem_private_key(Path(pem).read_bytes(), None)
    signer = CryptoSigner(private, root.keys[keyid])
    version = Metadata[Targets].from_bytes(targets_bytes).signed.version
    answer = {}
    for moment in moments:
        now = datetime.datetime.fromisoformat(moment)
        expires = now + datetime.timedelta(days=7)
        snapshot = Metadata(
            Snapshot(expires=expires, meta={"targets.json": MetaFile(version)})
        )
        snapshot.sign(signer)
        timestamp = Metadata(Timestamp(expires=expires, snapshot_meta=MetaFile(1)))
        timestamp.sign(signer)
        trusted = TrustedMetadataSet(root_bytes, EnvelopeType.METADATA)
        trusted.reference_time = now
        try:
            trusted.update_timestamp(timestamp.to_bytes())
            trusted.update_snapshot(snapshot.to_bytes())
            trusted.update_targets(targets_bytes)
            answer[moment] = "accepted"
        except RepositoryError as error:
            answer[moment] = type(error).__name__
    print(json.dumps(answer))


{"key": key, "accepts": accepts}[sys.argv[1]](*sys.argv[2:])
