//! Facts as JSON: plain values where nothing special is to be said, `$`-tagged objects where it is.
//!
//! `true`, `5`, `"x"`, `[…]`, `{…}` are known values whose origin is that of their surroundings;
//! `{"$absent": true}`, `{"$unknown": "refused", "$detail": "…"}`, `{"$value": 5, "$at": {…}}` and
//! `{"$list": […], "$incomplete": "image_not_seen"}` say the rest. Field names never begin with `$`.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;

use super::value::{Fact, List, Reason, State, Unknown, Value};
use super::{Origin, Record};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Int(n) => serializer.serialize_i64(*n),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Record(record) => record.serialize(serializer),
            Self::List(List { items, incomplete: None }) => items.serialize(serializer),
            Self::List(List { items, incomplete: Some(why) }) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("$list", items)?;
                map.serialize_entry("$incomplete", &why.reason)?;
                if let Some(detail) = &why.detail {
                    map.serialize_entry("$detail", detail)?;
                }
                map.end()
            }
        }
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let (State::Known(value), None) = (&self.state, &self.origin) {
            return value.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        match &self.state {
            State::Known(value) => map.serialize_entry("$value", value)?,
            State::Absent => map.serialize_entry("$absent", &true)?,
            State::Unknown(why) => {
                map.serialize_entry("$unknown", &why.reason)?;
                if let Some(detail) = &why.detail {
                    map.serialize_entry("$detail", detail)?;
                }
            }
        }
        if let Some(origin) = &self.origin {
            map.serialize_entry("$at", origin)?;
        }
        map.end()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Object(map) => record(map).map_err(D::Error::custom),
            other => Err(D::Error::custom(format!("facts must be an object, not {other}"))),
        }
    }
}

fn record(map: serde_json::Map<String, Json>) -> Result<Record, String> {
    map.into_iter()
        .map(|(name, json)| {
            let fact = fact(json).map_err(|e| format!("{name}: {e}"))?;
            Ok((Arc::from(name), fact))
        })
        .collect()
}

fn fact(json: Json) -> Result<Fact, String> {
    let Json::Object(mut map) = json else { return Ok(Fact { state: State::Known(value(json)?), origin: None }) };
    let origin = match map.remove("$at") {
        Some(at) => Some(Arc::new(serde_json::from_value::<Origin>(at).map_err(|e| e.to_string())?)),
        None => None,
    };
    let state = if map.contains_key("$absent") {
        State::Absent
    } else if let Some(reason) = map.remove("$unknown") {
        State::Unknown(unknown(reason, map.remove("$detail"))?)
    } else if let Some(inner) = map.remove("$value") {
        State::Known(value(inner)?)
    } else {
        State::Known(value(Json::Object(map))?)
    };
    Ok(Fact { state, origin })
}

fn unknown(reason: Json, detail: Option<Json>) -> Result<Unknown, String> {
    let reason: Reason = serde_json::from_value(reason).map_err(|e| e.to_string())?;
    Ok(Unknown { reason, detail: detail.and_then(|d| d.as_str().map(Arc::from)) })
}

fn value(json: Json) -> Result<Value, String> {
    match json {
        Json::Bool(b) => Ok(Value::Bool(b)),
        Json::Number(n) => n.as_i64().map(Value::Int).ok_or_else(|| format!("{n} is not a whole number of 64 bits")),
        Json::String(text) => Ok(Value::Text(text.into())),
        Json::Array(items) => Ok(Value::List(List::complete(facts(items)?))),
        Json::Object(mut map) => match map.remove("$list") {
            Some(Json::Array(items)) => {
                let why = map.remove("$incomplete").ok_or("`$list` without `$incomplete`")?;
                Ok(Value::List(List::incomplete(facts(items)?, unknown(why, map.remove("$detail"))?)))
            }
            Some(_) => Err("`$list` must be an array".into()),
            None => match map.keys().find(|key| key.starts_with('$')) {
                Some(key) => Err(format!("unknown marker `{key}`")),
                None => record(map).map(Value::Record),
            },
        },
        Json::Null => Err("facts hold no null: write {\"$absent\": true}".into()),
    }
}

fn facts(items: Vec<Json>) -> Result<Vec<Fact>, String> {
    items.into_iter().map(fact).collect()
}

impl JsonSchema for Record {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Facts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let reason = generator.subschema_for::<Reason>();
        let origin = generator.subschema_for::<Origin>();
        json_schema!({
            "type": "object",
            "description": "Named facts. A name that is not there is unknown.",
            "propertyNames": {"pattern": "^[^$]"},
            "additionalProperties": {"$ref": "#/$defs/Facts/$defs/fact"},
            "$defs": {
                "fact": {
                    "description": "A known value as it is, or an object with $ markers for everything else.",
                    "anyOf": [
                        {"type": ["boolean", "integer", "string"]},
                        {"type": "array", "items": {"$ref": "#/$defs/Facts/$defs/fact"}},
                        {"type": "object", "propertyNames": {"pattern": "^[^$]"}, "additionalProperties": {"$ref": "#/$defs/Facts/$defs/fact"}},
                        {"type": "object", "required": ["$absent"], "properties": {"$absent": {"const": true}, "$at": origin}, "additionalProperties": false},
                        {"type": "object", "required": ["$unknown"], "properties": {"$unknown": reason, "$detail": {"type": "string"}, "$at": origin}, "additionalProperties": false},
                        {"type": "object", "required": ["$value", "$at"], "properties": {"$value": {"$ref": "#/$defs/Facts/$defs/fact"}, "$at": origin}, "additionalProperties": false},
                        {"type": "object", "required": ["$list", "$incomplete"], "properties": {"$list": {"type": "array", "items": {"$ref": "#/$defs/Facts/$defs/fact"}}, "$incomplete": reason, "$detail": {"type": "string"}}, "additionalProperties": false}
                    ]
                }
            }
        })
    }
}
