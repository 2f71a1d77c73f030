//! serde_json values as the validator sees them, each look at one charged to the budget.
use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, SerdeJson};
use serde_json::{Map, Number, Value};

use crate::budget::charge;
use crate::distinct::all_distinct;

pub struct Metered;

#[derive(Clone, Copy)]
pub struct Seen<'a>(pub &'a Value);

/// Bytes that cost one step to look through.
const BYTES_A_STEP: usize = 32;
/// A problem is made of several allocations, and is copied when another encloses it.
const STEPS_A_PROBLEM: u64 = 256;

fn steps_of(bytes: usize) -> u64 {
    1 + (bytes / BYTES_A_STEP) as u64
}

/// What comparing with `value` or making a key of it may take.
fn charge_whole(value: &Value) {
    match value {
        Value::String(text) => charge(steps_of(text.len())),
        Value::Number(number) => charge(steps_of(number.as_str().len())),
        Value::Array(items) => {
            charge(1);
            items.iter().for_each(charge_whole);
        }
        Value::Object(members) => {
            charge(1);
            for (name, member) in members {
                charge(steps_of(name.len()));
                charge_whole(member);
            }
        }
        Value::Null | Value::Bool(_) => charge(1),
    }
}

impl Json for Metered {
    type Node<'a> = Seen<'a>;
    type PreparedKey = String;
    type StringBuffer = Value;
    const KEYS_PER_LOOKUP: usize = SerdeJson::KEYS_PER_LOOKUP;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Value, string: &str, f: impl FnOnce(Seen<'_>) -> T) -> T {
        charge(steps_of(string.len()));
        *buffer = Value::String(string.to_owned());
        f(Seen(buffer))
    }
}

impl<'a> Node<'a, Metered> for Seen<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        charge(1);
        self.0.as_object().map(Members)
    }

    fn as_array(&self) -> Option<Items<'a>> {
        charge(1);
        self.0.as_array().map(|items| Items(items))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.0.as_str();
        charge(steps_of(text.map_or(0, str::len)));
        text.map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        let number = self.0.as_number();
        charge(steps_of(number.map_or(0, |number| number.as_str().len())));
        number
    }

    fn as_boolean(&self) -> Option<bool> {
        charge(1);
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        charge(1);
        self.0.is_null()
    }

    fn json_type(&self) -> JsonType {
        charge(1);
        self.0.json_type()
    }

    fn string_length(&self) -> Option<u64> {
        charge(steps_of(self.0.as_str().map_or(0, str::len)));
        self.0.string_length()
    }

    fn equals_value(&self, expected: &Value) -> bool {
        if std::mem::discriminant(self.0) == std::mem::discriminant(expected) {
            charge_whole(expected);
        } else {
            charge(1);
        }
        self.0.equals_value(expected)
    }

    /// The validator asks for it to make a problem of.
    fn to_value(&self) -> Cow<'a, Value> {
        charge(STEPS_A_PROBLEM);
        Cow::Borrowed(self.0)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        charge(1);
        self.0.identity()
    }
}

#[derive(Clone, Copy)]
pub struct Members<'a>(&'a Map<String, Value>);

pub struct MembersIter<'a>(serde_json::map::Iter<'a>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, Seen<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, member) = self.0.next()?;
        charge(steps_of(name.len()));
        Some((name, Seen(member)))
    }
}

impl<'a> Object<'a, Metered> for Members<'a> {
    type Node = Seen<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<Seen<'a>> {
        charge(1);
        self.0.get(key).map(Seen)
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter(self.0.iter())
    }
}

#[derive(Clone, Copy)]
pub struct Items<'a>(&'a [Value]);

pub struct ItemsIter<'a>(std::slice::Iter<'a, Value>);

impl<'a> Iterator for ItemsIter<'a> {
    type Item = Seen<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.next()?;
        charge(1);
        Some(Seen(item))
    }
}

impl<'a> Array<'a, Metered> for Items<'a> {
    type Node = Seen<'a>;
    type ElementsIter = ItemsIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> ItemsIter<'a> {
        ItemsIter(self.0.iter())
    }

    fn is_unique(&self) -> bool {
        self.0.iter().for_each(charge_whole);
        all_distinct(self.0.iter())
    }
}
