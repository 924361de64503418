//! A holder's enrolment: from a device as it comes to a key that is proven.

use super::{Driver, PinPrompt, Stop, TurnSecrets};
use crate::{
    device::{self, DeviceError, Who, piv},
    host::{
        clock,
        secret::{NoRandomness, Secret},
    },
    store::escrow,
};
use keymoot_attestation::Family;
use keymoot_core::HostError;
use keymoot_record::{
    ceremony::{enrolment::Enrolment, propose, statement, turn::Stage},
    rules::{device as rules, roster::Handle},
    transcript::Event,
};
use keymoot_tuf::PublicKey;

impl Driver<'_, '_> {
    /// Erases the PIV application.
    pub(super) fn reset(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        self.busy("erasing the PIV application of the device");
        piv::reset(device)?;
        self.record(Event::ResetDone {
            holder: holder.to_string(),
            serial,
        })
    }

    /// Sets PIN, PUK and management key. The last two are kept before the device
    /// gets them: a crash in between costs a reset, never a locked device.
    pub(super) fn provision(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let pin = self.chosen(holder, serial, device::check_new_pin)?;
        // Drawn for this PIN: a holder is never refused a PIN for what is wrong with a PUK.
        let (puk, management) = random_secrets(&pin)?;
        let sealed = self.keep_for_holder(holder, serial, &puk, &management)?;
        let device = self.at_hand(holder, serial)?;
        self.record(Event::EscrowKept {
            holder: holder.to_string(),
            serial,
            sealed,
        })?;
        self.busy("setting PIN, PUK and management key");
        piv::provision(device, &pin, &puk, &management)?;
        self.secrets = Some(TurnSecrets {
            serial,
            pin,
            management: Some(management),
            evidence: None,
        });
        self.record(Event::Provisioned {
            holder: holder.to_string(),
            serial,
        })
    }

    /// What the holder chooses and the check lets pass.
    pub(super) fn chosen(
        &mut self,
        holder: &Handle,
        serial: u32,
        check: impl Fn(&Secret) -> Result<(), device::PinRefused>,
    ) -> Result<Secret, Stop> {
        let mut refused = None;
        loop {
            let prompt = PinPrompt {
                holder: holder.clone(),
                serial,
                family: self.family(),
                new: true,
                refused,
            };
            let pin = self.operator.pin(&prompt)?;
            match check(&pin) {
                Ok(()) => return Ok(pin),
                Err(error) => refused = Some(error.to_string()),
            }
        }
    }

    fn keep_for_holder(
        &mut self,
        holder: &Handle,
        serial: u32,
        puk: &Secret,
        management: &Secret,
    ) -> Result<Option<keymoot_core::digest::Digest>, Stop> {
        match self.recipient(holder) {
            Some(recipient) => {
                let sealed = escrow::seal(&recipient, serial, puk, management)?;
                let name = format!("{holder}-{serial}.age");
                Ok(Some(self.world.folder.keep_escrow(&name, &sealed)?))
            }
            None => {
                self.operator.show_once(holder, serial, puk, management)?;
                Ok(None)
            }
        }
    }

    /// Whom what must be kept is sealed to.
    pub(super) fn recipient(&self, holder: &Handle) -> Option<String> {
        let holder = self.state.plan.roster.holder(holder);
        holder.and_then(|holder| holder.age_recipient.clone())
    }

    /// Generates the key, announced before it happens.
    pub(super) fn generate(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        let name = holder.to_string();
        self.record(Event::GenerateAnnounced {
            holder: name.clone(),
            serial,
        })?;
        self.busy("generating the key in the device");
        let secrets = self
            .secrets
            .as_ref()
            .filter(|secrets| secrets.serial == serial);
        let management = secrets
            .and_then(|secrets| secrets.management.as_ref())
            .ok_or_else(|| {
                HostError::new(
                    "the management key is no longer remembered",
                    "leave, and resume",
                )
            })?;
        let spki = piv::generate(device, management)?;
        if let Some(secrets) = &mut self.secrets {
            secrets.management = None;
        }
        let spki = hex::encode(spki);
        self.record(Event::KeyGenerated {
            holder: name,
            serial,
            spki,
            adopted: false,
        })
    }

    /// After an interruption: is there a key or not?
    pub(super) fn look_for_key(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        self.busy("looking for a key on the device");
        let holder = holder.to_string();
        match piv::slot_key(device)? {
            Some(spki) => self.record(Event::KeyFound {
                holder,
                serial,
                spki: hex::encode(spki),
            }),
            None => self.record(Event::KeyMissing { holder, serial }),
        }
    }

    /// Reads the key's attestation and judges it.
    pub(super) fn attest(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let Some(Stage::Attest(spki)) = self.state.turn.as_ref().map(|turn| turn.stage.clone())
        else {
            return Ok(());
        };
        let family = self.family();
        let evidence = match family {
            Family::YubiKey => {
                let device = self.at_hand(holder, serial)?;
                self.busy("reading the device's attestation of the key");
                piv::attest(device)?
            }
            Family::YubiHsm => self.evidence_of_unit(holder, serial)?,
        };
        let others = self.state.enrolled_keys();
        let claim = rules::Claim {
            evidence: &evidence,
            spki: &spki,
            serial,
            family,
            taken: Some(clock::now()?),
            others: &others,
        };
        let (verdicts, _) = rules::enrolment(&claim, &self.world.trust, &self.state.plan.policy);
        if family == Family::YubiHsm && !verdicts.iter().any(|verdict| verdict.is_violated()) {
            self.restrict_unit(holder, serial)?;
        }
        let attestation = self.world.folder.keep(&evidence.attestation)?;
        let device = self.world.folder.keep(&evidence.device)?;
        self.record(Event::Attested {
            holder: holder.to_string(),
            serial,
            attestation,
            device,
            verdicts,
        })
    }

    /// Has the new key sign the statement of enrolment.
    pub(super) fn prove(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let Some(enrolment) = self.state.making().cloned() else {
            return Ok(());
        };
        let holder_name = holder.to_string();
        let announce = Event::StatementAnnounced {
            holder: holder_name.clone(),
            serial,
        };
        let allows = format!("the statement that {holder} holds the key in device {serial}");
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
            holder: holder_name,
            serial,
            statement,
        })
    }

    fn statement(&self, holder: &Handle, enrolment: &Enrolment) -> Vec<u8> {
        let head = self.world.journal.chain().head();
        self.state
            .opening
            .as_ref()
            .map(|opening| statement::enrolment(opening, &head, holder, enrolment))
            .unwrap_or_default()
    }

    /// Has the device sign, after the announcement is recorded, what `message`
    /// then makes; two implementations check the signature before it is returned.
    pub(super) fn device_signature(
        &mut self,
        holder: &Handle,
        serial: u32,
        announcement: Event,
        allows: &str,
        mut message: impl FnMut(&Self) -> Vec<u8>,
    ) -> Result<Vec<u8>, Stop> {
        let making = self.state.making().filter(|e| e.serial == serial);
        let proven = self.state.seat(holder).into_iter().flat_map(|s| s.proven());
        let enrolment = making.or_else(|| proven.into_iter().find(|e| e.serial == serial));
        let spki = enrolment.map(|e| e.spki.clone());
        let key = PublicKey::from_spki_der(&spki.unwrap_or_default()).map_err(|error| {
            HostError::new(format!("the key of {holder}: {error}"), "leave, and resume")
        })?;
        let family = self.family();
        let device = match family {
            Family::YubiKey => self.at_hand(holder, serial)?,
            Family::YubiHsm => self.unit_at_hand(holder, serial)?.serial(),
        };
        self.ensure_pin(holder, serial)?;
        self.record(announcement)?;
        let mut emptied = false;
        loop {
            // Anew each time: a statement names the line before its own, and a mishap is
            // one more.
            let message = message(self);
            let signature = match family {
                Family::YubiKey => self.sign_once(holder, device, &message, allows),
                Family::YubiHsm => self.sign_with_unit(holder, serial, &message, allows),
            };
            match signature {
                Ok(signature) => {
                    return match key.verify_twice(&message, &signature) {
                        Ok(_) => Ok(signature),
                        Err(error) => Err(Stop::Device(DeviceError::WrongSignature {
                            who: match family {
                                Family::YubiKey => Who::Serial(device),
                                Family::YubiHsm => Who::YubiHsm(device),
                            },
                            why: error.to_string(),
                        })),
                    };
                }
                Err(Stop::Device(
                    error @ (DeviceError::WrongPin { .. } | DeviceError::WrongPassword { .. }),
                )) => {
                    self.secrets = None;
                    self.record_mishap(holder, &error)?;
                    let refused = format!("{error}. {}", error.next_step());
                    self.ask_pin(holder, serial, Some(refused))?;
                }
                Err(Stop::Device(error @ DeviceError::LogFull { .. })) if !emptied => {
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
        device: device::Serial,
        message: &[u8],
        allows: &str,
    ) -> Result<Vec<u8>, Stop> {
        let Some(secrets) = &self.secrets else {
            return Err(Stop::Device(DeviceError::Cancelled));
        };
        let work = super::Work::Touch {
            holder: holder.clone(),
            serial: device.0,
            allows: allows.to_owned(),
        };
        let operator = &mut *self.operator;
        Ok(piv::sign(device, &secrets.pin, message, || {
            operator.working(&work, None)
        })?)
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
            new: false,
            refused,
        };
        let pin = self.operator.pin(&prompt)?;
        self.secrets = Some(TurnSecrets {
            serial,
            pin,
            management: None,
            evidence: None,
        });
        Ok(())
    }
}

/// A PUK and a management key from the machine's entropy.
fn random_secrets(pin: &Secret) -> Result<(Secret, Secret), HostError> {
    let both = || -> Result<_, NoRandomness> {
        Ok((
            device::new_puk(pin)?,
            Secret::random_bytes(piv::MANAGEMENT_KEY_LENGTH)?,
        ))
    };
    both().map_err(|error| HostError::new(error.to_string(), "restart the machine, then resume"))
}
