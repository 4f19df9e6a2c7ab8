/** Words of a title that are looked at. */
const wordsMax = 24;

/**
 * The distinct words of a title in any script: lower case, compatibility forms folded, marks dropped ("Théière" is
 * "theiere"). Runs of letters and digits are words; scripts that put no spaces between words (Han, Kana, Thai, Lao, Khmer,
 * Burmese) give pairs of neighbouring characters instead, as search engines index them, which needs no dictionary.
 */
export function titleWords(title: string): string[] {
  // The same words, without asking Unicode about each character.
  if (ascii.test(title)) return [...new Set(title.toLowerCase().match(/[a-z0-9]+/g))].slice(0, wordsMax);
  const words = new Set<string>();
  for (const [run] of title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{Mn}/gu, "")
    .matchAll(/[\p{L}\p{N}\p{Mc}]+/gu)) {
    for (const word of unspaced.test(run) ? pairs(run) : [run]) {
      if (words.size === wordsMax) return [...words];
      words.add(word);
    }
  }
  return [...words];
}

const ascii = /^[\0-\x7f]*$/;
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, before) => characters[before] + character);
}
