//! Reads the custom section into a [`Spec`]: splits it into records, decodes them, merges the named types of the events into those of
//! the contract and renumbers. Not here: what a sound spec is ([`super::check`]). Invariant: hostile bytes give an error, never a panic,
//! and what is returned has passed every check.

use alloc::string::String;
use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode};

use super::bounds::MAX_SECTION;
use super::check::{self, Flaw, Place};
use super::emit::{CONTRACT, EVENT};
use super::{EventDef, Field, Shape, Spec, SpecError, Type, TypeDef, VariantFields};
use crate::codec;

/// Payload of an event's record.
#[derive(Encode, Decode)]
struct EventRecord {
    types: Vec<TypeDef>,
    event: EventDef,
}

impl Spec {
    /// Reads the contents of the custom section [`crate::export::SPEC_SECTION`]. Several sections of that name are read one after
    /// the other, as if they were one.
    ///
    /// # Errors
    /// What is wrong and where; see [`SpecError`].
    pub fn from_section(section: &[u8]) -> Result<Self, SpecError> {
        if section.len() > MAX_SECTION {
            return Err(SpecError::TooLarge { used: section.len() });
        }
        let mut contract: Option<Self> = None;
        let mut events = Vec::new();
        let mut rest = section;
        let mut record = 0;
        while !rest.is_empty() {
            let payload;
            (payload, rest) = split_record(rest).ok_or(SpecError::Truncated { record })?;
            let (&kind, payload) = payload.split_first().ok_or(SpecError::Truncated { record })?;
            match kind {
                CONTRACT => {
                    let spec = read_contract(record, payload)?;
                    if let Some(first) = &contract {
                        return Err(SpecError::TwoContracts { first: first.name.clone(), second: spec.name });
                    }
                    contract = Some(spec);
                }
                EVENT => {
                    let read: EventRecord = decode(record, payload)?;
                    check::name(&read.event.name)
                        .map_err(|flaw| SpecError::invalid(Place::EventAt(events.len()), flaw))?;
                    check::types(&read.types)?;
                    check::event_references(&read.event, read.types.len())?;
                    events.push(read);
                }
                _ => return Err(SpecError::UnknownRecord { record, kind }),
            }
            record += 1;
        }
        let mut spec = contract.ok_or(SpecError::NoContract)?;
        for event in events {
            spec.merge(event)?;
        }
        spec.events.sort_by(|a, b| a.name.cmp(&b.name));
        spec.check()?;
        Ok(spec)
    }

    /// The section that [`Spec::from_section`] reads back as this spec: for tools that make a module without the SDK.
    pub fn to_section(&self) -> Vec<u8> {
        let mut contract = self.clone();
        let mut section = Vec::new();
        let events = core::mem::take(&mut contract.events);
        write_record(&mut section, CONTRACT, &contract);
        for event in events {
            write_record(&mut section, EVENT, &EventRecord { types: self.types.clone(), event });
        }
        section
    }

    fn merge(&mut self, record: EventRecord) -> Result<(), SpecError> {
        let EventRecord { types, mut event } = record;
        let mut next = self.types.len();
        let map: Vec<u32> = types
            .iter()
            .map(|def| {
                let known = self.types.iter().position(|t| t.name == def.name);
                let index = known.unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
                u32::try_from(index).unwrap_or(u32::MAX)
            })
            .collect();
        let known = self.types.len();
        for (mut def, &index) in types.into_iter().zip(&map) {
            renumber_shape(&mut def.shape, &map);
            match self.types.get(index as usize) {
                Some(other) if (index as usize) < known => {
                    if *other != def {
                        return Err(SpecError::invalid(Place::Type(def.name), Flaw::TwoTypes));
                    }
                }
                _ => self.types.push(def),
            }
        }
        renumber_fields(&mut event.fields, &map);
        self.events.push(event);
        Ok(())
    }
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

fn write_record(section: &mut Vec<u8>, kind: u8, value: &impl Encode) {
    let start = section.len();
    section.extend_from_slice(&[0; 4]);
    section.push(kind);
    value.encode_to(section);
    let length = u32::try_from(section.len() - start - 4).unwrap_or(u32::MAX);
    section[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn decode<T: Decode + Encode>(record: usize, payload: &[u8]) -> Result<T, SpecError> {
    codec::decode(payload).map_err(|cause| SpecError::Malformed { record, cause })
}

fn read_contract(record: usize, payload: &[u8]) -> Result<Spec, SpecError> {
    // The version comes first in every version of the record, so that an unknown one is told apart from damage.
    let abi = payload.first_chunk().map(|&b| u16::from_le_bytes(b)).ok_or(SpecError::Truncated { record })?;
    if abi != crate::ABI_VERSION {
        return Err(SpecError::OtherAbi { found: abi });
    }
    let spec: Spec = decode(record, payload)?;
    if !spec.events.is_empty() {
        return Err(SpecError::invalid(Place::Contract, Flaw::EventsInContract));
    }
    check::name(&spec.name).map_err(|flaw| SpecError::invalid(Place::Contract, flaw))?;
    check::types(&spec.types)?;
    Ok(spec)
}

fn renumber(ty: &mut Type, map: &[u32]) {
    match ty {
        Type::Named(index) => {
            if let Some(&new) = map.get(*index as usize) {
                *index = new;
            }
        }
        Type::Option(inner) | Type::List(inner) | Type::Array(inner, _) | Type::Set(inner) => renumber(inner, map),
        Type::Map(a, b) | Type::Result(a, b) => {
            renumber(a, map);
            renumber(b, map);
        }
        Type::Tuple(parts) => parts.iter_mut().for_each(|part| renumber(part, map)),
        _ => {}
    }
}

fn renumber_fields(fields: &mut [Field], map: &[u32]) {
    fields.iter_mut().for_each(|field| renumber(&mut field.ty, map));
}

fn renumber_shape(shape: &mut Shape, map: &[u32]) {
    match shape {
        Shape::Struct(fields) => renumber_fields(fields, map),
        Shape::Tuple(parts) => parts.iter_mut().for_each(|part| renumber(part, map)),
        Shape::Enum(variants) => variants.iter_mut().for_each(|variant| match &mut variant.fields {
            VariantFields::Unit => {}
            VariantFields::Tuple(parts) => parts.iter_mut().for_each(|part| renumber(part, map)),
            VariantFields::Struct(fields) => renumber_fields(fields, map),
        }),
    }
}

/// Says in one line what a spec cannot be, for messages that name a record.
pub(super) fn record_name(record: usize) -> String {
    alloc::format!("record {record} of the section `{}`", crate::export::SPEC_SECTION)
}

#[cfg(test)]
mod tests;
