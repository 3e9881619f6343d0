//! The parameter `private` of requests that write: in which state, and for whom. Not here: what comes of it (the node). Invariant: `true`, `false` and an object have one meaning each; what is unknown in the object is refused.

use std::borrow::Cow;
use std::fmt;

use coffer_abi::AccountId;
use coffer_chain::PrivacyFlag;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::Text;

/// Where a request writes, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Private {
    /// `true`: in the caller's own private state, for its own party alone. `false`: in the public state.
    Own(bool),
    /// In the private states of several parties.
    Parties(PrivateTo),
}

/// Whom a private call is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrivateTo {
    /// The parties, by their identities as `network_parties` lists them; the caller's own is added. At most 32 in all.
    pub parties: Vec<Text<AccountId>>,
    /// What the call demands of its parties: 0 to 3 or a name; `standard` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
    /// Whose word that it has the payload is needed; `all` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Parties that every later call must name; with flag 2 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandatory: Option<Vec<Text<AccountId>>>,
}

/// Whose word that it has the payload is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// That of the node that serves each party.
    #[default]
    All,
    /// For each party that of the node that serves it, or of one of its custodians.
    Async,
}

/// What a private call demands of its parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag(pub PrivacyFlag);

const NAMES: [(&str, PrivacyFlag); 4] = [
    ("standard", PrivacyFlag::Standard),
    ("partyProtection", PrivacyFlag::PartyProtection),
    ("mandatoryRecipients", PrivacyFlag::MandatoryRecipients),
    ("stateValidation", PrivacyFlag::StateValidation),
];

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = NAMES.iter().find(|(_, flag)| *flag == self.0).map_or("standard", |(name, _)| name);
        serializer.serialize_str(name)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0 to 3, or standard, partyProtection, mandatoryRecipients or stateValidation")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Flag, E> {
                let flag = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
                flag.map(|(_, flag)| Flag(*flag))
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Flag, E> {
                let flag = NAMES.iter().find(|(name, _)| *name == text);
                flag.map(|(_, flag)| Flag(*flag))
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Flag {
    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = NAMES.map(|(name, _)| name);
        let docs = "What a private call demands of its parties: 0 or `standard` any members, 1 or `partyProtection` all members, 2 or \
                    `mandatoryRecipients` all mandatory ones at least, 3 or `stateValidation` all members, who compare what it reads.";
        json_schema!({
            "oneOf": [{ "type": "integer", "minimum": 0, "maximum": 3 }, { "type": "string", "enum": names }],
            "description": docs
        })
    }
}

impl From<bool> for Private {
    fn from(own: bool) -> Self {
        Self::Own(own)
    }
}

impl<'de> Deserialize<'de> for Private {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Private;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or an object with `parties`")
            }

            fn visit_bool<E>(self, own: bool) -> Result<Private, E> {
                Ok(Private::Own(own))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Private, A::Error> {
                PrivateTo::deserialize(MapAccessDeserializer::new(map)).map(Private::Parties).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Private {
    fn schema_name() -> Cow<'static, str> {
        "Private".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let several = generator.subschema_for::<PrivateTo>();
        let docs = "`true`: in the caller's own private state, for its own party alone; an object: for several parties; `false`: in the \
                    public state.";
        json_schema!({ "oneOf": [{ "type": "boolean" }, several], "description": docs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Private, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn true_false_and_an_object_are_read_and_written_back() {
        assert_eq!(read("true"), Ok(Private::Own(true)));
        assert_eq!(read("false"), Ok(Private::Own(false)));
        let party = AccountId([0xab; 32]);
        for (flag, number) in NAMES.iter().map(|(_, flag)| *flag).zip(0..) {
            let text = format!("{{\"parties\": [\"{party}\"], \"flag\": {number}, \"mode\": \"async\"}}");
            let expected = PrivateTo {
                parties: vec![Text(party)],
                flag: Some(Flag(flag)),
                mode: Some(Mode::Async),
                mandatory: None,
            };
            let private = read(&text).unwrap();
            assert_eq!(private, Private::Parties(expected));
            assert_eq!(read(&serde_json::to_string(&private).unwrap()), Ok(private));
        }
        let least = read("{\"parties\": []}").unwrap();
        assert_eq!(least, Private::Parties(PrivateTo::default()));
    }

    #[test]
    fn what_is_unknown_is_refused() {
        let refused = |json: &str, expected: &str| {
            let error = read(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        };
        refused("1", "`true`, `false` or an object");
        refused("{}", "parties");
        refused("{\"parties\": [], \"modes\": 1}", "modes");
        refused("{\"parties\": [], \"mode\": \"some\"}", "some");
        refused("{\"parties\": [], \"flag\": 4}", "0 to 3");
        refused("{\"parties\": [], \"flag\": \"strict\"}", "0 to 3, or standard");
        refused("{\"parties\": [\"0xab\"]}", "AccountId");
    }
}
