//! JSON, YAML, base64, base32 and hashes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha512};

use super::Type::{Any, Text};
use super::{Function, function, text};
use crate::json;
use crate::meter::{Refusal, Result};
use crate::quote::lossy;
use crate::value::Value;
use crate::yaml;

pub(super) static ALL: [Function; 20] = [
    function("toJson", &[Any], |context, values| {
        let json = json::escaped(&values[0], context.meter);
        json.or_else(nothing).map(Value::text)
    }),
    function("mustToJson", &[Any], |context, values| {
        json::escaped(&values[0], context.meter).map(Value::text)
    }),
    function("toPrettyJson", &[Any], |context, values| {
        let json = json::pretty(&values[0], context.meter);
        json.or_else(nothing).map(Value::text)
    }),
    function("mustToPrettyJson", &[Any], |context, values| {
        json::pretty(&values[0], context.meter).map(Value::text)
    }),
    function("toRawJson", &[Any], |context, values| {
        json::raw(&values[0], context.meter).map(Value::text)
    }),
    function("mustToRawJson", &[Any], |context, values| {
        json::raw(&values[0], context.meter).map(Value::text)
    }),
    function("fromJson", &[Text], |context, values| {
        context.meter.charge_bytes(text(values, 0).len())?;
        Ok(yaml::from_json(text(values, 0)).unwrap_or(Value::Nil))
    }),
    function("mustFromJson", &[Text], |context, values| {
        context.meter.charge_bytes(text(values, 0).len())?;
        yaml::from_json(text(values, 0))
    }),
    function("toYaml", &[Any], |context, values| {
        yaml::to_yaml(&values[0], context.meter).map(Value::text)
    }),
    function("fromYaml", &[Text], |context, values| {
        context.meter.charge_bytes(text(values, 0).len())?;
        match yaml::from_yaml(text(values, 0))? {
            map @ Value::Map(_) => Ok(map),
            Value::Nil => Value::map(std::collections::BTreeMap::new()),
            _ => Err(Refusal::new("the text is no map")),
        }
    }),
    function("fromYamlArray", &[Text], |context, values| {
        context.meter.charge_bytes(text(values, 0).len())?;
        match yaml::from_yaml(text(values, 0))? {
            list @ Value::List(_) => Ok(list),
            Value::Nil => Value::list(Vec::new()),
            _ => Err(Refusal::new("the text is no list")),
        }
    }),
    function("b64enc", &[Text], |_, values| {
        Ok(Value::text(STANDARD.encode(text(values, 0))))
    }),
    function("b64dec", &[Text], |_, values| {
        let kept: String = text(values, 0).replace(['\r', '\n'], "");
        Ok(Value::text(match STANDARD.decode(&kept) {
            Ok(bytes) => lossy(&bytes),
            Err(_) => format!("illegal base64 data at input byte {}", broken_base64(&kept)),
        }))
    }),
    function("b32enc", &[Text], |_, values| {
        Ok(Value::text(base32(text(values, 0).as_bytes())))
    }),
    function("b32dec", &[Text], |_, values| {
        Ok(Value::text(match unbase32(text(values, 0)) {
            Ok(bytes) => lossy(&bytes),
            Err(at) => format!("illegal base32 data at input byte {at}"),
        }))
    }),
    function("sha1sum", &[Text], |_, values| {
        Ok(Value::text(hex(&sha1(text(values, 0).as_bytes()))))
    }),
    function("sha256sum", &[Text], |_, values| {
        Ok(Value::text(hex(&Sha256::digest(text(values, 0)))))
    }),
    function("sha512sum", &[Text], |_, values| {
        Ok(Value::text(hex(&Sha512::digest(text(values, 0)))))
    }),
    function("adler32sum", &[Text], |_, values| {
        const MODULUS: u32 = 65521;
        let bytes = text(values, 0).bytes();
        let (low, high) = bytes.fold((1, 0), |(low, high), byte| {
            let low = (low + u32::from(byte)) % MODULUS;
            (low, (high + low) % MODULUS)
        });
        Ok(Value::text(((high << 16) | low).to_string()))
    }),
    function("fail", &[Text], |_, values| {
        Err(Refusal::new(text(values, 0)))
    }),
];

/// sprig answers an empty text where there is no JSON; limits hold all the same.
fn nothing(refusal: Refusal) -> Result<String> {
    if refusal.is_limit {
        Err(refusal)
    } else {
        Ok(String::new())
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Where Go says that a base64 text is broken: at the first character that is no digit, or at the group
/// that is not full.
fn broken_base64(text: &str) -> usize {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let digits = text.bytes().take_while(|byte| is_digit(*byte)).count();
    if digits < text.len() {
        digits
    } else {
        digits - digits % 4
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let used = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = usize::try_from((bits >> (35 - 5 * index)) & 31).unwrap_or(0);
            out.push(if index < used {
                char::from(BASE32[digit])
            } else {
                '='
            });
        }
    }
    out
}

/// The bytes, or where the text is broken.
fn unbase32(text: &str) -> std::result::Result<Vec<u8>, usize> {
    let text = text.replace(['\r', '\n'], "");
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_digit = |digit: u8| BASE32.contains(&digit);
    if let Some(at) = digits.bytes().position(|digit| !is_digit(digit)) {
        return Err(at);
    }
    let group = digits.len() - digits.len() % 8;
    let expected = match digits.len() % 8 {
        0 => 0,
        rest @ (2 | 4 | 5 | 7) => 8 - rest,
        _ => return Err(group),
    };
    if padding != expected {
        return Err(group);
    }
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u64, 0);
    for (at, digit) in digits.bytes().enumerate() {
        let value = BASE32.iter().position(|known| *known == digit).ok_or(at)?;
        bits = ((bits << 5) | value as u64) & 0xffff_ffff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or(0));
        }
    }
    Ok(bytes)
}

/// SHA-1 (RFC 3174); no library for it is at hand, and nothing depends on its strength.
fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in message.chunks_exact(64) {
        let mut words = [0u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes
                .iter()
                .fold(0, |word, byte| (word << 8) | u32::from(*byte));
        }
        for index in 16..80 {
            let word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16];
            words[index] = word.rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (index, word) in words.iter().enumerate() {
            let (mix, constant) = match index / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(mix)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, value) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(value);
        }
    }
    let mut out = [0; 20];
    for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_their_definitions() {
        assert_eq!(
            hex(&sha1(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(
            hex(&sha1(long.as_bytes())),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        );
    }

    #[test]
    fn base32_comes_back() {
        for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar"] {
            assert_eq!(unbase32(&base32(text.as_bytes())).unwrap(), text.as_bytes());
        }
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI======");
        assert!(unbase32("M1======").is_err());
    }
}
