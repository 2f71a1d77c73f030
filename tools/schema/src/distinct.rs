//! `uniqueItems` in time n log n. The library's own way hashes numbers by their nearest f64, so that
//! many integers beyond 2^53 can be made to fall together and cost a comparison for each pair.
use serde_json::Value;

/// Whether no two of the values are equal as JSON Schema means it: 1 and 1.0 are.
pub fn all_distinct<'a>(values: impl Iterator<Item = &'a Value>) -> bool {
    let mut keys: Vec<Vec<u8>> = values
        .map(|value| {
            let mut key = Vec::new();
            write_key(value, &mut key);
            key
        })
        .collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}

/// Appends bytes that are the same for equal values only.
fn write_key(value: &Value, key: &mut Vec<u8>) {
    match value {
        Value::Null => key.push(b'z'),
        Value::Bool(truth) => key.push(if *truth { b't' } else { b'f' }),
        Value::Number(number) => write_number(number.as_str(), key),
        Value::String(text) => write_text(b's', text.as_bytes(), key),
        Value::Array(items) => {
            write_length(b'a', items.len(), key);
            items.iter().for_each(|item| write_key(item, key));
        }
        // A map without `preserve_order` is sorted by name.
        Value::Object(members) => {
            write_length(b'o', members.len(), key);
            for (name, member) in members {
                write_text(b's', name.as_bytes(), key);
                write_key(member, key);
            }
        }
    }
}

fn write_length(tag: u8, length: usize, key: &mut Vec<u8>) {
    key.push(tag);
    key.extend_from_slice(&length.to_le_bytes());
}

fn write_text(tag: u8, text: &[u8], key: &mut Vec<u8>) {
    write_length(tag, text.len(), key);
    key.extend_from_slice(text);
}

/// Sign, digits without zeros at either end, and the power of ten of the last digit.
fn write_number(text: &str, key: &mut Vec<u8>) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole
        .bytes()
        .chain(fraction.bytes())
        .filter(u8::is_ascii_digit)
        .skip_while(|&digit| digit == b'0')
        .collect();
    let significant = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    if significant == 0 {
        return write_text(b'n', b"", key);
    }
    let power = exponent
        .parse::<i64>()
        .unwrap_or(i64::MAX)
        .saturating_sub_unsigned(fraction.len() as u64)
        .saturating_add_unsigned((digits.len() - significant) as u64);
    write_text(if whole.starts_with('-') { b'm' } else { b'n' }, &digits[..significant], key);
    key.extend_from_slice(&power.to_le_bytes());
}
