//! Countries by their ISO 3166-1 codes.

use serde::{Deserialize, Serialize};

use keymoot_core::text::shortened;

/// The officially assigned codes of two letters (ISO 3166-1 alpha-2, as of 2024: 249).
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country: an assigned code, or one of XA to XZ, which ISO 3166-1 leaves to its users and
/// which are the countries of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(String);

impl Country {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of XA to XZ.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.0.starts_with('X')
    }
}

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let simulated = matches!(text.as_bytes(), [b'X', b'A'..=b'Z']);
        if simulated || ASSIGNED.split_ascii_whitespace().any(|code| code == text) {
            return Ok(Self(text));
        }
        let instead = match text.as_str() {
            "UK" => "; the United Kingdom is GB",
            "EL" => "; Greece is GR",
            _ => "",
        };
        Err(format!(
            "\"{}\" is no country: give its ISO 3166-1 code, two capital letters such as NL{instead}",
            shortened(&text, 40)
        ))
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0
    }
}

impl std::fmt::Display for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_assigned_code_is_a_country_and_no_other_word_is() {
        assert_eq!(ASSIGNED.split_ascii_whitespace().count(), 249);
        for code in ASSIGNED.split_ascii_whitespace().chain(["XA", "XZ"]) {
            assert!(Country::try_from(code.to_owned()).is_ok(), "{code}");
        }
        for code in ["ZZ", "AA", "QM", "nl", "NLD", "N", "", "UK", "EU", "X1"] {
            assert!(Country::try_from(code.to_owned()).is_err(), "{code}");
        }
    }

    #[test]
    fn a_code_that_people_take_for_another_is_named() {
        let refused = Country::try_from("UK".to_owned()).unwrap_err();
        assert!(refused.contains("GB"), "{refused}");
    }
}
