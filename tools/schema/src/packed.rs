//! How a value crosses from C++ (`pack` in tools/schema.cc): one tag, a little-endian 32-bit length,
//! then what it holds. JSON text would not do: serde_json reads `{"$serde_json::private::Number": "1"}`
//! as a number, so a guest could choose what its object is taken for.
use serde_json::{Map, Number, Value};

const MAX_DEPTH: u32 = 64;

/// The whole of `bytes` as one value; `None` if it is anything else.
pub fn unpack(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(MAX_DEPTH)?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let size = self.length()?;
        std::str::from_utf8(self.take(size)?).ok()
    }

    /// `depth` counts the arrays and objects that may still be opened.
    fn value(&mut self, depth: u32) -> Option<Value> {
        Some(match self.take(1)?[0] {
            b'z' => Value::Null,
            b'f' => Value::Bool(false),
            b't' => Value::Bool(true),
            b'n' => Value::Number(self.text()?.parse::<Number>().ok()?),
            b's' => Value::String(self.text()?.to_owned()),
            b'a' => {
                let inner = depth.checked_sub(1)?;
                let count = self.length()?;
                // No reserving: the count is not to be trusted before the items are seen.
                Value::Array((0..count).map(|_| self.value(inner)).collect::<Option<_>>()?)
            }
            b'o' => {
                let inner = depth.checked_sub(1)?;
                let count = self.length()?;
                let mut members = Map::new();
                for _ in 0..count {
                    let name = self.text()?.to_owned();
                    if members.insert(name, self.value(inner)?).is_some() {
                        return None;
                    }
                }
                Value::Object(members)
            }
            _ => return None,
        })
    }
}
