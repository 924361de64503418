"""Yubico's own Python SDK against a simulated YubiHSM: python yubihsm_sdk.py CONNECTOR CONTROL CASE

Each case finds a new device, with nothing but the default authentication key.
"""

import json
import os
import socket
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from yubihsm import YubiHsm
from yubihsm.defs import ALGORITHM, AUDIT, CAPABILITY, COMMAND, ERROR, OBJECT, ORIGIN
from yubihsm.exceptions import YubiHsmAuthenticationError, YubiHsmDeviceError
from yubihsm.objects import (
    AsymmetricKey,
    AttestationExtensions,
    AuthenticationKey,
    Opaque,
    WrapKey,
)

CONNECTOR, CONTROL, CASE = sys.argv[1:]


def control(**request):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(CONTROL)
        connection.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(connection.makefile().readline())


def refused(code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except YubiHsmDeviceError as error:
        assert error.code == code, f"{error.code!r}, not {code!r}"
    else:
        raise AssertionError(f"not refused with {code!r}")


def admin(hsm):
    return hsm.create_session_derived(1, "password")


def login(hsm, session, capabilities, domains=1, delegated=CAPABILITY.NONE):
    """A session of a new authentication key."""
    key = AuthenticationKey.put_derived(
        session, 0, "key", domains, capabilities, delegated, "another password"
    )
    return hsm.create_session_derived(key.id, "another password")


def p256(session, capabilities=CAPABILITY.SIGN_ECDSA, domains=1, key_id=0):
    return AsymmetricKey.generate(
        session, key_id, "key", domains, capabilities, ALGORITHM.EC_P256
    )


def audit_everything(session):
    session.set_command_audit({c: AUDIT.ON for c in session.get_command_audit()})


def opens_by_password_and_not_by_a_wrong_one(hsm):
    with admin(hsm) as session:
        assert session.send_secure_cmd(COMMAND.ECHO, b"hello") == b"hello"
    try:
        hsm.create_session_derived(1, "Password")
    except YubiHsmAuthenticationError:
        pass
    else:
        raise AssertionError("a wrong password opened a session")
    refused(ERROR.OBJECT_NOT_FOUND, hsm.create_session_derived, 2, "password")


def tells_the_same_device_info_in_and_out_of_a_session(hsm):
    plain = hsm.send_cmd(COMMAND.DEVICE_INFO)
    with admin(hsm) as session:
        secure = session.send_secure_cmd(COMMAND.DEVICE_INFO)
    # Byte 8 counts log entries, and opening a session is one.
    assert (secure[:8], secure[9:]) == (plain[:8], plain[9:])
    info = hsm.get_device_info()
    [device] = control(do="devices")["devices"]
    assert info.serial == device["serial"]
    assert ".".join(map(str, info.version)) == device["firmware"]
    assert info.log_size == 62


def lists_what_the_filters_let_through(hsm):
    with admin(hsm) as session:
        key = p256(session, domains=3)
        opaque = Opaque.put(
            session, key.id, "other", 4, CAPABILITY.NONE, ALGORITHM.OPAQUE_DATA, b"x"
        )

        def found(**filters):
            return {(o.object_type, o.id) for o in session.list_objects(**filters)}

        one, two = (OBJECT.ASYMMETRIC_KEY, key.id), (OBJECT.OPAQUE, opaque.id)
        default = (OBJECT.AUTHENTICATION_KEY, 1)
        assert found() == {one, two, default}
        assert found(object_id=key.id) == {one, two}
        assert found(object_type=OBJECT.OPAQUE) == {two}
        assert found(domains=2) == {one, default}
        assert found(capabilities=CAPABILITY.SIGN_ECDSA) == {one, default}
        assert found(algorithm=ALGORITHM.EC_P256) == {one}
        assert found(label="other") == {two}
        assert found(label="other", object_type=OBJECT.ASYMMETRIC_KEY) == set()


def tells_about_an_object_what_was_said_when_it_was_made(hsm):
    with admin(hsm) as session:
        info = p256(session, domains=5, key_id=0x1234).get_info()
        assert (info.id, info.domains, info.label) == (0x1234, 5, "key")
        assert info.capabilities == CAPABILITY.SIGN_ECDSA
        assert info.algorithm == ALGORITHM.EC_P256
        assert (info.origin, info.sequence) == (ORIGIN.GENERATED, 0)
        session.get_object(0x1234, OBJECT.ASYMMETRIC_KEY).delete()
        assert p256(session, key_id=0x1234).get_info().sequence == 1
        refused(ERROR.OBJECT_EXISTS, p256, session, key_id=0x1234)


def signs_with_every_kind_of_key_so_that_others_can_verify(hsm):
    with admin(hsm) as session:
        data = os.urandom(100)
        for algorithm, digest in [
            (ALGORITHM.EC_P256, hashes.SHA256()),
            (ALGORITHM.EC_P384, hashes.SHA384()),
            (ALGORITHM.EC_P521, hashes.SHA512()),
            (ALGORITHM.EC_P224, hashes.SHA1()),
            (ALGORITHM.EC_K256, hashes.SHA256()),
            (ALGORITHM.EC_BP256, hashes.SHA256()),
            (ALGORITHM.EC_BP384, hashes.SHA384()),
            (ALGORITHM.EC_BP512, hashes.SHA512()),
        ]:
            key = AsymmetricKey.generate(
                session, 0, "", 1, CAPABILITY.SIGN_ECDSA, algorithm
            )
            signature = key.sign_ecdsa(data, digest)
            key.get_public_key().verify(signature, data, ec.ECDSA(digest))
        key = AsymmetricKey.generate(
            session, 0, "", 1, CAPABILITY.SIGN_EDDSA, ALGORITHM.EC_ED25519
        )
        key.get_public_key().verify(key.sign_eddsa(data), data)
        private = ed25519.Ed25519PrivateKey.generate()
        key = AsymmetricKey.put(session, 0, "", 1, CAPABILITY.SIGN_EDDSA, private)
        assert key.sign_eddsa(data) == private.sign(data)
        key = AsymmetricKey.generate(
            session, 0, "", 1, CAPABILITY.SIGN_PKCS, ALGORITHM.RSA_2048
        )
        key.get_public_key().verify(
            key.sign_pkcs1v1_5(data), data, padding.PKCS1v15(), hashes.SHA256()
        )


def attests_a_key_with_the_key_of_the_device(hsm):
    with admin(hsm) as session:
        device = session.get_object(0, OBJECT.OPAQUE).get_certificate()
        key = p256(session, domains=3)
        attestation = key.attest()
        device.public_key().verify(
            attestation.signature,
            attestation.tbs_certificate_bytes,
            padding.PKCS1v15(),
            attestation.signature_hash_algorithm,
        )
        assert attestation.issuer == device.subject
        assert attestation.public_key() == key.get_public_key()
        facts = AttestationExtensions.parse(attestation)
        info = hsm.get_device_info()
        assert (facts.serial, facts.firmware_version) == (info.serial, info.version)
        assert (facts.origin, facts.domains) == (ORIGIN.GENERATED, 3)
        assert facts.capabilities == CAPABILITY.SIGN_ECDSA
        assert (facts.object_id, facts.label) == (key.id, "key")


def attests_with_another_key_only_where_that_key_may(hsm):
    with admin(hsm) as session:
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "attester")])
        device = session.get_object(0, OBJECT.OPAQUE).get_certificate()
        certificate = (
            x509.CertificateBuilder(name, name, private.public_key(), 1)
            .not_valid_before(device.not_valid_before_utc)
            .not_valid_after(device.not_valid_after_utc)
            .sign(private, hashes.SHA256())
        )
        may = CAPABILITY.SIGN_ATTESTATION_CERTIFICATE
        attester = AsymmetricKey.put(session, 7, "", 1, may, private)
        key = p256(session)
        refused(ERROR.OBJECT_NOT_FOUND, key.attest, attester.id)
        attester.put_certificate("", 1, CAPABILITY.NONE, certificate)
        attestation = key.attest(attester.id)
        private.public_key().verify(
            attestation.signature,
            attestation.tbs_certificate_bytes,
            ec.ECDSA(attestation.signature_hash_algorithm),
        )
        assert attestation.issuer == name
        refused(ERROR.INSUFFICIENT_PERMISSIONS, key.attest, key.id)
        imported = AttestationExtensions.parse(attester.attest())
        assert imported.origin == ORIGIN.IMPORTED


def puts_changes_and_deletes_authentication_keys(hsm):
    with admin(hsm) as session:
        key = AuthenticationKey.put_derived(
            session, 2, "", 1, CAPABILITY.CHANGE_AUTHENTICATION_KEY, 0, "one"
        )
        refused(ERROR.INVALID_ID, key.change_password, "two")
        with hsm.create_session_derived(2, "one") as own:
            key.with_session(own).change_password("two")
        hsm.create_session_derived(2, "two").close()
        session.get_object(1, OBJECT.AUTHENTICATION_KEY).delete()
        refused(ERROR.OBJECT_NOT_FOUND, hsm.create_session_derived, 1, "password")


def refuses_every_command_for_which_the_session_lacks_the_capability(hsm):
    with admin(hsm) as session, login(hsm, session, CAPABILITY.NONE) as nobody:
        p256(session, key_id=9)
        free = {
            COMMAND.ECHO, COMMAND.DEVICE_INFO, COMMAND.GET_DEVICE_PUBLIC_KEY,
            COMMAND.CLOSE_SESSION, COMMAND.GET_STORAGE_INFO, COMMAND.LIST_OBJECTS,
            COMMAND.GET_OBJECT_INFO, COMMAND.GET_PUBLIC_KEY, COMMAND.BLINK_DEVICE,
        }  # fmt: skip
        outside = {
            COMMAND.CREATE_SESSION, COMMAND.AUTHENTICATE_SESSION,
            COMMAND.SESSION_MESSAGE, COMMAND.ERROR,
        }  # fmt: skip
        for command in set(COMMAND) - free - outside:
            data = b"\0\x09\x03" if command == COMMAND.DELETE_OBJECT else b""
            refused(
                ERROR.INSUFFICIENT_PERMISSIONS, nobody.send_secure_cmd, command, data
            )


def lets_a_signer_sign_and_nothing_else(hsm):
    with admin(hsm) as session, login(hsm, session, CAPABILITY.SIGN_ECDSA) as signer:
        key = p256(session).with_session(signer)
        key.get_public_key().verify(
            key.sign_ecdsa(b"text"), b"text", ec.ECDSA(hashes.SHA256())
        )
        denied = ERROR.INSUFFICIENT_PERMISSIONS
        refused(denied, key.delete)
        refused(denied, key.attest)
        refused(denied, p256, signer)
        refused(denied, signer.reset_device)
        refused(denied, signer.get_log_entries)
        refused(denied, signer.set_force_audit, AUDIT.OFF)


def refuses_a_key_for_what_it_may_not_be_used_for(hsm):
    with admin(hsm) as session:
        key = p256(session, CAPABILITY.DERIVE_ECDH)
        refused(ERROR.INSUFFICIENT_PERMISSIONS, key.sign_ecdsa, b"text")


def hands_on_no_more_than_is_delegated(hsm):
    with admin(hsm) as session:
        may = CAPABILITY.GENERATE_ASYMMETRIC_KEY | CAPABILITY.PUT_AUTHENTICATION_KEY
        with login(hsm, session, may, delegated=CAPABILITY.SIGN_ECDSA) as maker:
            p256(maker)
            denied = ERROR.INSUFFICIENT_PERMISSIONS
            refused(denied, p256, maker, CAPABILITY.SIGN_EDDSA)
            refused(denied, p256, maker, domains=2)
            refused(denied, login, hsm, maker, CAPABILITY.RESET_DEVICE)
            refused(
                denied, login, hsm, maker, 0, delegated=CAPABILITY.GENERATE_ASYMMETRIC_KEY
            )


def hides_objects_in_other_domains(hsm):
    with admin(hsm) as session, login(hsm, session, CAPABILITY.ALL, domains=2) as other:
        key = p256(session, domains=1).with_session(other)
        for call in (key.get_info, key.get_public_key, key.attest, key.delete):
            refused(ERROR.OBJECT_NOT_FOUND, call)
        refused(ERROR.OBJECT_NOT_FOUND, key.sign_ecdsa, b"text")
        assert key.id not in [o.id for o in other.list_objects()]
        p256(session, domains=3, key_id=5)
        assert 5 in [o.id for o in other.list_objects()]


def exports_and_imports_under_wrap_only_what_both_keys_allow(hsm):
    with admin(hsm) as session:
        both = CAPABILITY.EXPORT_WRAPPED | CAPABILITY.IMPORT_WRAPPED
        exportable = CAPABILITY.SIGN_ECDSA | CAPABILITY.EXPORTABLE_UNDER_WRAP
        wrap = WrapKey.put(
            session, 0, "", 1, both, ALGORITHM.AES256_CCM_WRAP, exportable, bytes(32)
        )
        key = p256(session, exportable)
        public = key.get_public_key()
        wrapped = wrap.export_wrapped(key)
        refused(ERROR.OBJECT_EXISTS, wrap.import_wrapped, wrapped)
        key.delete()
        key = wrap.import_wrapped(wrapped)
        assert key.get_info().origin == ORIGIN.GENERATED | ORIGIN.IMPORTED_WRAPPED
        public.verify(key.sign_ecdsa(b"text"), b"text", ec.ECDSA(hashes.SHA256()))
        key.delete()
        changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
        refused(ERROR.INVALID_DATA, wrap.import_wrapped, changed)
        denied = ERROR.INSUFFICIENT_PERMISSIONS
        refused(denied, wrap.export_wrapped, p256(session))
        more = p256(session, exportable | CAPABILITY.DERIVE_ECDH)
        refused(denied, wrap.export_wrapped, more)


def keeps_fixed_options_until_it_is_reset(hsm):
    session = admin(hsm)
    session.set_command_audit({COMMAND.SIGN_ECDSA: AUDIT.FIXED, COMMAND.ECHO: AUDIT.ON})
    audited = session.get_command_audit()
    assert audited[COMMAND.SIGN_ECDSA] == AUDIT.FIXED
    assert audited[COMMAND.ECHO] == AUDIT.ON
    off = {COMMAND.SIGN_ECDSA: AUDIT.OFF}
    refused(ERROR.INVALID_DATA, session.set_command_audit, off)
    session.set_force_audit(AUDIT.FIXED)
    refused(ERROR.INVALID_DATA, session.set_force_audit, AUDIT.OFF)
    session.reset_device()
    with YubiHsm.connect(CONNECTOR) as again, admin(again) as session:
        assert session.get_force_audit() == AUDIT.OFF
        assert session.get_command_audit()[COMMAND.SIGN_ECDSA] != AUDIT.FIXED


def logs_a_chain_that_the_client_verifies(hsm):
    with admin(hsm) as session:
        audit_everything(session)
        key = p256(session)
        key.sign_ecdsa(b"text")
        refused(ERROR.INVALID_ID, p256, session, key_id=0xFFFF)
        entries = session.get_log_entries().entries
        for previous, entry in zip(entries, entries[1:]):
            assert entry.validate(previous)
        assert entries[0].data == b"\0\1" + b"\xff" * 14
        told = [(e.command, e.session_key, e.target_key, e.result) for e in entries]
        assert (COMMAND.GENERATE_ASYMMETRIC_KEY, 1, key.id, 0xC6) in told
        assert (COMMAND.SIGN_ECDSA, 1, key.id, 0xD6) in told
        failed = (COMMAND.GENERATE_ASYMMETRIC_KEY, 1, 0xFFFF, ERROR.INVALID_ID)
        assert failed in told
        session.set_log_index(entries[-1].number)
        rest = session.get_log_entries(entries[-1]).entries
        assert [e.command for e in rest][-1] == COMMAND.SET_LOG_INDEX


def executes_nothing_it_cannot_log_when_auditing_is_forced(hsm):
    with admin(hsm) as session:
        key = p256(session)
        session.set_command_audit({COMMAND.SIGN_ECDSA: AUDIT.ON})
        session.set_force_audit(AUDIT.ON)
        while hsm.get_device_info().log_used < 62:
            key.sign_ecdsa(b"text")
        refused(ERROR.LOG_FULL, key.sign_ecdsa, b"text")
        # There is a way out: a session, the log, and forgetting it.
        with admin(hsm) as other:
            log = other.get_log_entries()
            assert len(log.entries) == 62
            other.set_log_index(log.entries[-1].number)
        key.sign_ecdsa(b"text")
        assert session.get_log_entries(log.entries[-1]).entries


def counts_the_sessions_it_has_no_room_to_log(hsm):
    with admin(hsm) as session:
        audit_everything(session)
        session.set_force_audit(AUDIT.ON)
        control(do="fault", plan="log-full@1")
        admin(hsm).close()
        admin(hsm).close()
        log = session.get_log_entries()
        assert (len(log.entries), log.n_auth) == (62, 2)


def tells_how_much_room_there_is(hsm):
    def room():
        answer = session.send_secure_cmd(COMMAND.GET_STORAGE_INFO)
        return [int.from_bytes(answer[i : i + 2], "big") for i in range(0, 10, 2)]

    with admin(hsm) as session:
        total, free, pages, free_pages, page = room()
        assert (total, free, pages, page) == (256, 255, 1024, 126)
        Opaque.put(session, 0, "", 1, 0, ALGORITHM.OPAQUE_DATA, bytes(127))
        assert room() == [total, free - 1, pages, free_pages - 2, page]
        for _ in range(free - 1):
            Opaque.put(session, 0, "", 1, 0, ALGORITHM.OPAQUE_DATA, b"x")
        refused(
            ERROR.STORAGE_FAILED,
            Opaque.put, session, 0, "", 1, 0, ALGORITHM.OPAQUE_DATA, b"x",
        )  # fmt: skip


def is_new_again_after_a_reset(hsm):
    with admin(hsm) as session:
        p256(session)
        certificate = session.get_object(0, OBJECT.OPAQUE).get()
        session.get_object(1, OBJECT.AUTHENTICATION_KEY).delete()
        session.reset_device()
    with YubiHsm.connect(CONNECTOR) as again, admin(again) as session:
        [default] = session.list_objects()
        info = default.get_info()
        assert info.label == "DEFAULT AUTHKEY CHANGE THIS ASAP"
        assert info.capabilities & CAPABILITY.ALL == CAPABILITY.ALL
        entries = session.get_log_entries().entries
        assert [e.number for e in entries][:2] == [1, 2]
        assert session.get_object(0, OBJECT.OPAQUE).get() == certificate


def has_sixteen_sessions_and_forgets_them_after_thirty_seconds(hsm):
    sessions = [admin(hsm) for _ in range(16)]
    refused(ERROR.SESSIONS_FULL, admin, hsm)
    sessions[3].close()
    sessions[3] = admin(hsm)
    refused(ERROR.SESSIONS_FULL, admin, hsm)
    control(do="advance", seconds=29)
    sessions[0].send_secure_cmd(COMMAND.ECHO, b"still here")
    control(do="advance", seconds=2)
    sessions[0].send_secure_cmd(COMMAND.ECHO, b"still here")
    refused(ERROR.INVALID_SESSION, sessions[1].send_secure_cmd, COMMAND.ECHO, b"me?")


def opens_by_elliptic_curve_key(hsm):
    private = ec.generate_private_key(ec.SECP256R1())
    with admin(hsm) as session:
        AuthenticationKey.put_public_key(session, 2, "", 1, 0, 0, private.public_key())
        with hsm.create_session_asymmetric(2, private) as other:
            assert other.send_secure_cmd(COMMAND.ECHO, b"hello") == b"hello"
        stranger = ec.generate_private_key(ec.SECP256R1())
        try:
            hsm.create_session_asymmetric(2, stranger)
        except YubiHsmAuthenticationError:
            pass
        else:
            raise AssertionError("a stranger's key opened a session")


def blinks_when_asked(hsm):
    def blinking():
        return control(do="devices")["devices"][0]["blinking"]

    with admin(hsm) as session:
        assert not blinking()
        session.send_secure_cmd(COMMAND.BLINK_DEVICE, b"\x0a")
        assert blinking()
        control(do="advance", seconds=10)
        assert not blinking()


with YubiHsm.connect(CONNECTOR) as device:
    globals()[CASE](device)
