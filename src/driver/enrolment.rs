//! A holder's enrolment, from a new device to a proven key.

use super::{Allows, Asked, Driver, PinPrompt, Stop, TurnSecrets, table};
use crate::{
    device::{
        self, Device, DeviceError, ErrorKind, NewSecrets, Operation, PinDemands, Serial,
        yubihsm::Errand,
    },
    host::{clock, secret::Secret},
    store::escrow,
};
use keymoot_attestation::{Evidence, Family};
use keymoot_core::{HostError, digest::Digest};
use keymoot_record::{
    ceremony::{enrolment::Enrolment, propose, statement, turn::Stage},
    rules::{
        self, evidence,
        roster::{Handle, Recipient},
    },
    transcript::Event,
};
use keymoot_tuf::PublicKey;

impl Driver<'_, '_> {
    /// Resets the device: a YubiKey's PIV application, a YubiHSM 2 as a whole.
    pub(super) fn reset(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        self.busy(match device.family() {
            Family::YubiKey => "erasing the PIV application of the device",
            Family::YubiHsm => "resetting the device",
        });
        let administration = self.administration(serial).ok();
        device.reset(administration.as_ref())?;
        self.secrets = None;
        self.write_down(&device, None)?;
        self.record(Event::ResetDone {
            holder: holder.clone(),
            serial,
        })
    }

    /// Gives the device its secrets. PUK and management key are kept before the device gets them: a
    /// crash in between costs a reset, never a locked device.
    pub(super) fn provision(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let family = self.family();
        let chosen = self.chosen(holder, serial, self.recipient(holder))?;
        let secrets = NewSecrets::of_chosen(family, Serial(serial), &chosen).map_err(|error| {
            HostError::new(error.to_string(), "restart the machine, then resume")
        })?;
        let sealed = self.keep_for_holder(holder, serial, &secrets)?;
        let device = self.at_hand(holder, serial)?;
        self.record(Event::EscrowKept {
            holder: holder.clone(),
            serial,
            sealed,
        })?;
        self.busy(match family {
            Family::YubiKey => "setting PIN, PUK and management key",
            Family::YubiHsm => "forcing the device to audit, and setting its passwords",
        });
        // Kept in memory first: with it, a half set up YubiHSM 2 can be reset.
        self.secrets = Some(TurnSecrets {
            serial,
            typed: chosen,
            administration: Some(secrets.administration().duplicate()),
            evidence: None,
        });
        let tries = device.provision(&secrets)?;
        self.write_down(&device, None)?;
        let judged = family == Family::YubiKey && self.records_states();
        let verdicts = judged.then(|| rules::device::tries(serial, tries));
        self.record(Event::Provisioned {
            holder: holder.clone(),
            serial,
            tries: tries.filter(|_| judged),
            verdicts: verdicts.into_iter().collect(),
        })
    }

    /// The management key or the administrator's password.
    fn administration(&self, serial: u32) -> Result<Secret, HostError> {
        let known = self.secrets.as_ref().filter(|s| s.serial == serial);
        let secret = known.and_then(|secrets| secrets.administration.as_ref());
        secret
            .map(Secret::duplicate)
            .ok_or_else(|| match self.family() {
                Family::YubiKey => HostError::new(
                    "the management key is no longer remembered",
                    "leave, and resume",
                ),
                Family::YubiHsm => HostError::new(
                    "the administrator's password is no longer remembered",
                    "leave, and resume: then keymoot sets the device up again",
                ),
            })
    }

    /// The same, where the device needs it for reading.
    fn reading_secret(&self, device: &Device) -> Result<Option<Secret>, HostError> {
        match device.reads_with_secret() {
            true => self.administration(device.serial().0).map(Some),
            false => Ok(None),
        }
    }

    /// The PIN or password that the holder chooses and the rules accept. `sealed_to` is the
    /// recipient of the secrets that the device gets with it.
    pub(super) fn chosen(
        &mut self,
        holder: &Handle,
        serial: u32,
        sealed_to: Option<Recipient>,
    ) -> Result<Secret, Stop> {
        let mut refused = None;
        let (family, demands) = (self.family(), self.demands());
        loop {
            let prompt = PinPrompt {
                holder: holder.clone(),
                serial,
                family,
                asked: Asked::NewPin,
                demands,
                sealed_to: sealed_to.clone(),
                refused,
            };
            let pin = self.operator.pin(&prompt)?;
            match device::check_new(family, demands, &pin) {
                Ok(()) if self.is_public(&pin) => refused = Some(PUBLIC.to_owned()),
                Ok(()) => return Ok(pin),
                Err(error) => refused = Some(error.to_string()),
            }
        }
    }

    fn keep_for_holder(
        &mut self,
        holder: &Handle,
        serial: u32,
        secrets: &NewSecrets,
    ) -> Result<Option<Digest>, Stop> {
        let Some(recipient) = self.recipient(holder) else {
            // The holder of a YubiHSM 2 has chosen the password for later turns, too.
            if let NewSecrets::YubiKey {
                puk, management, ..
            } = secrets
            {
                self.operator.show_once(holder, serial, puk, management)?;
            }
            return Ok(None);
        };
        let sealed = match secrets {
            NewSecrets::YubiKey {
                puk, management, ..
            } => escrow::seal(recipient.as_str(), serial, puk, management)?,
            NewSecrets::YubiHsm(passwords) => escrow::seal_passwords(
                recipient.as_str(),
                serial,
                [
                    passwords.signer(),
                    passwords.auditor(),
                    passwords.administrator(),
                ],
            )?,
        };
        let name = format!("{holder}-{serial}.age");
        Ok(Some(self.world.folder.keep_escrow(&name, &sealed)?))
    }

    /// The recipient to whom the secrets are sealed.
    pub(super) fn recipient(&self, holder: &Handle) -> Option<Recipient> {
        let holder = self.state.plan.roster.holder(holder);
        holder.and_then(|holder| holder.age_recipient.clone())
    }

    /// The device's demands on a new PIN.
    pub(super) fn demands(&self) -> PinDemands {
        let turn = self.state.turn.as_ref();
        let seen = turn.and_then(|turn| turn.device.as_ref());
        seen.map(|seen| PinDemands::of(&seen.state.settings))
            .unwrap_or_default()
    }

    /// Whether somebody typed this PIN into the transcript.
    fn is_public(&self, pin: &Secret) -> bool {
        std::str::from_utf8(pin.expose()).is_ok_and(|pin| self.world.journal.chain().shows(pin))
    }

    /// Generates the key, announced before it happens.
    pub(super) fn generate(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        let administration = self.administration(serial)?;
        self.record(Event::GenerateAnnounced {
            holder: holder.clone(),
            serial,
        })?;
        self.busy("generating the key in the device");
        let spki = device.generate(&administration)?;
        if let Some(secrets) = &mut self.secrets {
            secrets.evidence = None;
            if !device.reads_with_secret() {
                secrets.administration = None;
            }
        }
        self.record(Event::KeyGenerated {
            holder: holder.clone(),
            serial,
            spki,
            adopted: false,
        })
    }

    /// After an interruption: asks the device whether it has a key.
    pub(super) fn look_for_key(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        let administration = self.reading_secret(&device)?;
        self.busy("looking for a key on the device");
        let holder = holder.clone();
        match device.signing_key(administration.as_ref())? {
            Some(spki) => self.record(Event::KeyFound {
                holder,
                serial,
                spki,
            }),
            None => self.record(Event::KeyMissing { holder, serial }),
        }
    }

    /// Reads the key's attestation and verifies it.
    pub(super) fn attest(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let Some(Stage::Attest(spki)) = self.state.turn.as_ref().map(|turn| turn.stage.clone())
        else {
            return Ok(());
        };
        let family = self.family();
        let evidence = self.evidence(holder, serial)?;
        let mut others = self.state.enrolled_keys();
        others.extend(self.state.published_elsewhere(holder, &spki));
        let claim = evidence::Claim {
            evidence: &evidence,
            spki: &spki,
            serial,
            family,
            taken: Some(clock::now()?),
            others: &others,
        };
        let (mut verdicts, _) =
            evidence::enrolment(&claim, &self.world.trust, &self.state.plan.policy);
        // A key from before the ceremony: nobody sets its tries any more.
        let seen = self.state.turn.as_ref().filter(|turn| turn.brings_key);
        let seen = seen.and_then(|turn| turn.device.as_ref());
        verdicts.extend(seen.map(|seen| rules::device::tries(serial, seen.state.tries)));
        if !verdicts.iter().any(|verdict| verdict.is_violated()) {
            self.restrict(holder, serial)?;
        }
        let attestation = self.world.folder.keep(&evidence.attestation)?;
        let device = self.world.folder.keep(&evidence.device)?;
        self.record(Event::Attested {
            holder: holder.clone(),
            serial,
            attestation,
            device,
            verdicts,
        })
    }

    fn evidence(&mut self, holder: &Handle, serial: u32) -> Result<Evidence, Stop> {
        let known = self.secrets.as_ref().filter(|s| s.serial == serial);
        if let Some(evidence) = known.and_then(|secrets| secrets.evidence.clone()) {
            return Ok(evidence);
        }
        let device = self.at_hand(holder, serial)?;
        let administration = self.reading_secret(&device)?;
        self.busy("reading the device's attestation of the key");
        let evidence = device.attest(administration.as_ref())?;
        if let Some(secrets) = self.secrets.as_mut().filter(|s| s.serial == serial) {
            secrets.evidence = Some(evidence.clone());
        }
        Ok(evidence)
    }

    /// Takes away a YubiHSM 2's rights to make, export and delete, once the key is proven.
    fn restrict(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        if self.family() == Family::YubiKey {
            return Ok(());
        }
        let device = self.at_hand(holder, serial)?;
        if let Some(unit) = device.unit() {
            let administrator = self.administration(serial)?;
            self.busy("removing every right except to sign and to read the log");
            unit.restrict(&administrator)?;
            unit.no_defaults()?;
            self.write_down(&device, None)?;
        }
        if let Some(secrets) = &mut self.secrets {
            secrets.administration = None;
        }
        Ok(())
    }

    /// Has the new key sign the statement of enrolment.
    pub(super) fn prove(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let Some(enrolment) = self.state.making().cloned() else {
            return Ok(());
        };
        let announce = Event::StatementAnnounced {
            holder: holder.clone(),
            serial,
        };
        let allows = Allows {
            what: format!("the statement that {holder} holds the key in device {serial}"),
            of: match self.state.formerly_at_table() {
                None if self.brings_key() => "your key, whose attestation passed".to_owned(),
                None => "your new key, whose attestation passed".to_owned(),
                Some(formerly) => format!("your key, which {formerly} enrolled before"),
            },
            digest: enrolment.key(),
        };
        let mut payload = Vec::new();
        let signature = self.device_signature(holder, serial, announce, &allows, |driver| {
            payload = driver.statement(holder, &enrolment);
            statement::signed_bytes(statement::ENROLMENT, &payload)
        })?;
        let keyid = propose::holder_key_id(&self.state, holder, &enrolment.spki);
        let keyid = keyid
            .map(|keyid| keyid.as_str().to_owned())
            .unwrap_or_default();
        let signed = statement::envelope(statement::ENROLMENT, payload, &keyid, signature);
        let statement = self.world.folder.keep(&signed)?;
        self.record(Event::Enrolled {
            holder: holder.clone(),
            serial,
            statement,
            formerly: self.state.formerly_at_table().cloned(),
        })
    }

    /// Whether the holder at the table brings a key that was made before.
    fn brings_key(&self) -> bool {
        let turn = self.state.turn.as_ref();
        turn.is_some_and(|turn| turn.brings_key)
    }

    fn statement(&self, holder: &Handle, enrolment: &Enrolment) -> Vec<u8> {
        let head = self.world.journal.chain().head();
        self.state
            .opening
            .as_ref()
            .map(|opening| {
                let formerly = self.state.formerly_at_table();
                statement::enrolment(opening, &head, holder, formerly, enrolment)
            })
            .unwrap_or_default()
    }

    /// Has the device sign, after the announcement is recorded, the message that `message`
    /// then makes; two implementations check the signature before it is returned. A wish that waits
    /// comes first.
    pub(super) fn device_signature(
        &mut self,
        holder: &Handle,
        serial: u32,
        announcement: Event,
        allows: &Allows,
        mut message: impl FnMut(&Self) -> Vec<u8>,
    ) -> Result<Vec<u8>, Stop> {
        let making = self.state.making().filter(|e| e.serial == serial);
        let proven = self.state.seat(holder).into_iter().flat_map(|s| s.proven());
        let enrolment = making.or_else(|| proven.into_iter().find(|e| e.serial == serial));
        let spki = enrolment.map(|e| e.spki.clone());
        let key = PublicKey::from_spki_der(&spki.unwrap_or_default()).map_err(|error| {
            HostError::new(format!("the key of {holder}: {error}"), "leave, and resume")
        })?;
        let device = self.at_hand(holder, serial)?;
        self.ensure_pin(holder, serial)?;
        self.heed_waiting()?;
        self.record(announcement)?;
        let mut emptied = false;
        loop {
            // Made again each time: a statement names the line before its own, and a device error
            // adds a line.
            let message = message(self);
            match self.sign_once(holder, &device, &message, allows) {
                Ok(signature) => return Ok(table::checked(&key, &device, &message, signature)?),
                Err(Stop::Device(error)) if error.is_wrong_secret() => {
                    self.secrets = None;
                    self.record_mishap(holder, &error)?;
                    let refused = format!("{error}. {}", error.help());
                    self.ask_pin(holder, serial, Some(refused))?;
                }
                Err(Stop::Device(error)) if error.kind == ErrorKind::LogFull && !emptied => {
                    emptied = true;
                    self.record_mishap(holder, &error)?;
                    self.read_log(holder, serial)?;
                }
                Err(stop) => return Err(stop),
            }
        }
    }

    fn sign_once(
        &mut self,
        holder: &Handle,
        device: &Device,
        message: &[u8],
        allows: &Allows,
    ) -> Result<Vec<u8>, Stop> {
        let secret = self.typed(device)?;
        self.write_down(device, Some(Errand::Sign))?;
        let operator = &mut *self.operator;
        let signature = table::sign_once(operator, holder, device, &secret, message, allows);
        self.write_down(device, None)?;
        Ok(signature?)
    }

    /// The PIN or password that the holder typed in this turn.
    pub(super) fn typed(&self, device: &Device) -> Result<Secret, DeviceError> {
        let secrets = self.secrets.as_ref();
        secrets
            .map(|secrets| secrets.typed.duplicate())
            .ok_or_else(|| DeviceError::new(device.who(), Operation::Pin, ErrorKind::Cancelled))
    }

    pub(super) fn ensure_pin(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        match &self.secrets {
            Some(secrets) if secrets.serial == serial => Ok(()),
            _ => self.ask_pin(holder, serial, None),
        }
    }

    pub(super) fn ask_pin(
        &mut self,
        holder: &Handle,
        serial: u32,
        refused: Option<String>,
    ) -> Result<(), Stop> {
        let prompt = PinPrompt {
            holder: holder.clone(),
            serial,
            family: self.family(),
            asked: Asked::Pin,
            demands: PinDemands::default(),
            sealed_to: None,
            refused,
        };
        let pin = self.operator.pin(&prompt)?;
        self.secrets = Some(TurnSecrets {
            serial,
            typed: pin,
            administration: None,
            evidence: None,
        });
        Ok(())
    }
}

/// Why a PIN is refused that the transcript contains.
const PUBLIC: &str = "the public transcript has this; choose another";
