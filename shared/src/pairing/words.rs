//! Words that stand for bytes, for the human eye.

/// One word for each byte.
#[rustfmt::skip]
const WORDS: [&str; 256] = [
    "acorn", "actor", "adult", "agent", "alarm", "album", "alley", "amber", "angel", "ankle",
    "apple", "april", "apron", "arena", "armor", "arrow", "aspen", "atlas", "attic", "autumn",
    "bacon", "badge", "baker", "bamboo", "banjo", "barley", "basin", "basket", "beach", "beaver",
    "bishop", "bison", "blanket", "blossom", "board", "bonnet", "bottle", "boulder", "bracket",
    "branch", "bridge", "bronze", "brush", "bucket", "buffalo", "butter", "cabin", "cactus",
    "camel", "candle", "canoe", "canyon", "carbon", "carpet", "castle", "cedar", "cello", "chalk",
    "cherry", "chess", "circus", "clover", "cobalt", "cobra", "coconut", "coffee", "comet",
    "compass", "copper", "coral", "cotton", "cousin", "cowboy", "coyote", "cradle", "crane",
    "crayon", "cricket", "crystal", "cuckoo", "curtain", "cushion", "dagger", "daisy", "dancer",
    "denim", "desert", "diamond", "dinner", "doctor", "dolphin", "donkey", "dragon", "drawer",
    "eagle", "easel", "echo", "elbow", "elder", "ember", "emerald", "engine", "falcon", "feather",
    "fender", "ferry", "fiddle", "field", "finch", "flame", "flute", "forest", "fossil",
    "fountain", "fox", "galaxy", "garden", "garlic", "gazelle", "giant", "ginger", "giraffe",
    "glacier", "glove", "goblet", "gopher", "granite", "grape", "guitar", "hammer", "hamster",
    "harbor", "harvest", "hazel", "helmet", "heron", "hill", "honey", "hornet", "horse", "hotel",
    "hunter", "igloo", "indigo", "insect", "iris", "iron", "island", "ivory", "jacket", "jaguar",
    "jasmine", "jelly", "jewel", "jungle", "juniper", "kayak", "kettle", "kitten", "koala",
    "ladder", "lagoon", "lantern", "laurel", "lemon", "leopard", "lettuce", "lily", "linen",
    "lion", "lizard", "lobster", "locket", "lotus", "lumber", "magnet", "mango", "maple",
    "marble", "meadow", "melon", "mirror", "monkey", "mountain", "muffin", "mule", "mustard",
    "napkin", "nectar", "needle", "nickel", "noodle", "nutmeg", "oak", "oasis", "ocean",
    "octopus", "olive", "onion", "opera", "orange", "orchid", "otter", "oven", "owl", "oyster",
    "paddle", "palace", "panda", "panther", "paper", "parrot", "peach", "peanut", "pebble",
    "pelican", "pencil", "pepper", "piano", "pigeon", "pillow", "pilot", "planet", "plum",
    "pocket", "pony", "poppy", "potato", "prairie", "pumpkin", "puppet", "puzzle", "quartz",
    "quilt", "rabbit", "radio", "raven", "ribbon", "river", "robin", "rocket", "saddle", "salmon",
    "sandal", "saturn", "scarf", "shadow", "silver", "spider", "sunset", "tiger", "timber",
    "tulip", "turtle", "valley", "violin",
];

/// How many words people compare: 48 bits, of which nobody can try more than five a pairing.
pub const COUNT: usize = 6;

/// The words of some bytes.
pub(super) fn of(bytes: [u8; COUNT]) -> [&'static str; COUNT] {
    bytes.map(|byte| WORDS.get(usize::from(byte)).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_a_word_of_its_own() {
        let unique: std::collections::BTreeSet<_> = WORDS.iter().collect();
        assert_eq!(unique.len(), 256);
        let plain = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase()) && word.len() >= 3;
        assert!(WORDS.iter().all(plain));
        assert_eq!(of([0; COUNT])[0], WORDS[0]);
        assert_eq!(of([255; COUNT])[5], WORDS[255]);
    }
}
