"""What other implementations make of bytes, as JSON on the standard output.

    readers.py canonical        one JSON document a line on the standard input
    readers.py root FILE        a root, by python-tuf and securesystemslib
    readers.py chain FOLDER [FORM]
                                the roots N.root.json in a folder, one after the other;
                                FORM is pouf1 or dsse
    readers.py keys FILE        the ids of the keys in a root or a targets document
    readers.py dsse FILE PEM    a DSSE envelope and the key it shall be by
    readers.py repository FORM ROOT TARGETS ROLE FILE
                                a root, a targets document and that of a role it
                                delegates to; FORM is pouf1 or dsse
    readers.py write            targets documents with the names and the members
                                in each line of JSON on the standard input
    readers.py sbom FILE        a bill of materials, by CycloneDX's own library and schema
    readers.py algorithms       a root signed by four keys, each of another algorithm
"""

import datetime
import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.dsse import SimpleEnvelope
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets
from tuf.api.serialization.json import CanonicalJSONSerializer, JSONSerializer
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType


def canonical():
    for line in sys.stdin:
        document = json.loads(line)
        pretty = json.dumps(document, indent=1, separators=(",", ": "), sort_keys=True)
        answer = {
            "canonical": encode_canonical(document).encode("utf-8").hex(),
            "pretty": pretty.encode("utf-8").hex(),
        }
        print(json.dumps(answer))


def ids(keys):
    """Each key's name, and the hash of what it names."""
    return {
        keyid: hashlib.sha256(encode_canonical(key.to_dict()).encode("utf-8")).hexdigest()
        for keyid, key in keys.items()
    }


def root(path):
    with open(path, "rb") as file:
        data = file.read()
    metadata = Metadata[Root].from_bytes(data)
    result = metadata.signed.get_root_verification_result(
        None, metadata.signed_bytes, metadata.signatures
    )
    answer = {
        "verified": result.verified,
        "signed": sorted(result.signed),
        "signed_bytes": CanonicalJSONSerializer().serialize(metadata.signed).hex(),
        "same_file": metadata.to_bytes(JSONSerializer()) == data,
        "ids": ids(metadata.signed.keys),
        "expires": metadata.signed.expires.isoformat(),
    }
    print(json.dumps(answer))


def chain(folder, form="pouf1"):
    """The version that python-tuf comes to from version 1 on, or why it stops."""
    files = sorted(Path(folder).glob("*.root.json"), key=lambda path: int(path.name.split(".")[0]))
    envelope = {"pouf1": EnvelopeType.METADATA, "dsse": EnvelopeType.SIMPLE}[form]
    try:
        trusted = TrustedMetadataSet(files[0].read_bytes(), envelope)
        for file in files[1:]:
            trusted.update_root(file.read_bytes())
        answer = {"version": trusted.root.version}
    except RepositoryError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


def keys(path):
    signed = Metadata.from_file(path).signed
    if isinstance(signed, Targets):
        named = signed.delegations.keys if signed.delegations else {}
    else:
        named = signed.keys
    print(json.dumps(ids(named)))


def dsse(path, pem_path):
    with open(path, "rb") as file:
        envelope = Envelope.from_dict(json.load(file))
    with open(pem_path, encoding="ascii") as file:
        key = SSlibKey(
            "holder-1", "ecdsa", "ecdsa-sha2-nistp256", {"public": file.read()}
        )
    try:
        envelope.verify([key], 1)
        verified = True
    except VerificationError:
        verified = False
    print(json.dumps({"verified": verified, "pae": envelope.pae().hex()}))


class Document:
    """A document in one of the two wire formats."""

    def __init__(self, form, path):
        with open(path, "rb") as file:
            data = file.read()
        if form == "dsse":
            envelope = SimpleEnvelope.from_bytes(data)
            self.signed, self.bytes = envelope.get_signed(), envelope.pae()
            self.signatures = envelope.signatures
        else:
            metadata = Metadata.from_bytes(data)
            self.signed, self.bytes = metadata.signed, metadata.signed_bytes
            self.signatures = metadata.signatures

    def vouches(self, role, document):
        try:
            self.signed.verify_delegate(role, document.bytes, document.signatures)
        except UnsignedMetadataError:
            return False
        return True


def repository(form, root_path, targets_path, role, role_path):
    paths = (root_path, targets_path, role_path)
    root, targets, delegated = (Document(form, path) for path in paths)
    names = list(delegated.signed.targets)
    delegation = targets.signed.delegations.roles[role]
    answer = {
        "root": root.vouches("root", root),
        "targets": root.vouches("targets", targets),
        "delegated": targets.vouches(role, delegated),
        "within": all(delegation.is_delegated_path(name) for name in names),
        "files": names,
    }
    print(json.dumps(answer))


def write():
    signer = CryptoSigner.generate_ecdsa()
    expires = datetime.datetime(2037, 11, 1, tzinfo=datetime.timezone.utc)
    for line in sys.stdin:
        document = json.loads(line)
        targets = Targets(expires=expires, unrecognized_fields=document["members"])
        for name in document["names"]:
            data = name.encode("utf-8")
            targets.targets[name] = TargetFile.from_data(name, data, ["sha256"])
        metadata = Metadata(targets)
        metadata.sign(signer)
        answer = {
            "key": signer.public_key.keyval["public"],
            "file": metadata.to_bytes().decode("utf-8"),
        }
        print(json.dumps(answer))


def algorithms():
    signers = [
        CryptoSigner.generate_rsa(scheme="rsassa-pss-sha256"),
        CryptoSigner.generate_ecdsa(),
        CryptoSigner.generate_ed25519(),
        CryptoSigner(ec.generate_private_key(ec.SECP384R1())),
    ]
    expires = datetime.datetime(2037, 1, 1, tzinfo=datetime.timezone.utc)
    root = Root(expires=expires)
    for signer in signers:
        for role in ("root", "targets", "snapshot", "timestamp"):
            root.add_key(signer.public_key, role)
    root.roles["root"].threshold = len(signers)
    metadata = Metadata(root)
    for signer in signers:
        metadata.sign(signer, append=True)
    print(json.dumps(metadata.to_bytes(JSONSerializer()).hex()))


def sbom(path):
    text = Path(path).read_text("utf-8")
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    answer = {"error": str(error) if error else None}
    if not error:
        bom = Bom.from_json(json.loads(text))
        program = bom.metadata.component
        answer |= {
            "name": program.name,
            "version": program.version,
            "sha256": [digest.content for digest in program.hashes],
            "purls": sorted(component.purl.to_string() for component in bom.components),
        }
    print(json.dumps(answer))


commands = {
    "canonical": canonical,
    "root": root,
    "chain": chain,
    "keys": keys,
    "dsse": dsse,
    "repository": repository,
    "write": write,
    "algorithms": algorithms,
    "sbom": sbom,
}
commands[sys.argv[1]](*sys.argv[2:])
