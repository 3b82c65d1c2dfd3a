//! Quay: all tags that one push moved, without digests.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::member::{MOST_ELEMENTS, Member, Shape, Text, object};
use super::naming::{message, named, push};
use crate::{Delivery, Malformed, Message};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    docker_url: Text,
    updated_tags: Member<Tags>,
    /// Only what the test button sends has it.
    pruned_image_count: Option<IgnoredAny>,
}

/// A list of tags; registries of 2013 sent an object whose keys they were.
struct Tags(Vec<Text>);

impl Shape for Tags {
    fn of_list<'de, A: SeqAccess<'de>>(elements: A) -> Result<Option<Self>, A::Error> {
        Ok(Vec::of_list(elements)?.map(Self))
    }

    fn of_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Option<Self>, A::Error> {
        let mut tags = Vec::new();
        while let Some((tag, IgnoredAny)) = members.next_entry::<String, _>()? {
            if tags.len() < MOST_ELEMENTS {
                tags.push(Member::Present(tag));
            }
        }
        Ok(Some(Self(tags)))
    }
}

pub(super) fn read(delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    let body: Body = object(delivery.body)?;
    let url = body.docker_url.text("docker_url")?;
    let mut pushes = Vec::new();
    if let (Some((host, path)), None) = (url.split_once('/'), body.pruned_image_count) {
        for tag in body.updated_tags.get("updated_tags", "a list")?.map_or(&[][..], |Tags(tags)| tags) {
            pushes.extend(push(vec![named(host, path)], tag.text("updated_tags[]")?, ""));
        }
    }
    Ok(message("", pushes))
}
