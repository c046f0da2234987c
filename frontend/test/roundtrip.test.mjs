// What was loaded and not changed must be written back without loss of meaning.
import assert from "node:assert/strict";
import { test } from "node:test";

import { tests as specification } from "commonmark-spec";

import { parse, tokenizer } from "../src/markdown.js";
import { meaning } from "../src/meaning.js";
import { serialize } from "../src/serialize.js";

// Examples of the specification that come back different, and why that is all right: the composer notices on loading
// (src/editor.js compares as this test does) and stays with the plain text.
const KNOWN_DIFFERENCES = new Map([
  [40, "a tab written as a character reference, at the very start of a paragraph"],
  [484, "a link without text"],
  [487, "a link without text and address"],
  [520, "a link in the alternative text of an image"],
]);

const OWN_EXAMPLES = [
  "| A | B |\n| --- | --- |\n| 1 | 2 |",
  "| links | mitte | rechts |\n| :-- | :-: | --: |\n| a | b | c |",
  "| a |\n| --- |",
  "|  |  |\n| --- | --- |\n|  | leer daneben |",
  "| Feld | Wert |\n| --- | --- |\n| `a \\| b` | **x \\| y** |\n| \\\\ | \\\\\\| |",
  "| a | b |\n| --- | --- |\n| [Ort (neu)](https://example.org/a_(b) \"Titel \\\"x\\\"\") | ![Bild](/a.png) |\n\nDanach.",
  "- Punkt\n\n  | a | b |\n  | --- | --- |\n  | 1 | 2 |\n\n- Punkt",
  "> | a |\n> | --- |\n> | 1 |",
  "Text\n| a |\n| --- |\n| 1 |",
  "| zu wenig | Zellen |\n| --- | --- |\n| 1 |",
  "~~weg~~ und **~~fett weg~~**, a~~b~~c, ~ und \\~\\~nicht\\~\\~",
  "~~**Punkt.**~~danach",
  "**Achtung:**danach und davor**(so)**, *schräg***fett**_schräg_",
  "Erste Zeile\\\nzweite Zeile  \ndritte Zeile",
  "1. eins\n2. zwei\n   - a\n   - b\n     1. tief\n        noch tiefer\n3. drei",
  "- fest\n- fest\n\n\n* neue Liste\n* neue Liste\n\n1. eins\n\n1) andere",
  "- lose\n\n- lose\n\n  zweiter Absatz\n  - innen fest\n  - innen fest",
  "3. drei\n4. vier",
  "-\n- a\n-",
  "- a\n  > Zitat\n- ```\n  code\n\n  code\n  ```",
  "2026\\. ein Jahr\n\n\\- kein Punkt\n\n\\# kein Titel\n\n\\> kein Zitat\n\n\\| a \\|\\\n\\| --- \\|",
  "Preis 3 * 4 * 5, a_b_c, C:\\Daten\\neu, \\\\server\\x, 5 < 6 > 4, A & B, &amp;amp;, §&nbsp;87 BetrVG",
  "Siehe https://example.org/a_b_c*d?x=1&copy=2 und <https://example.org/ä> und <br@example.org> oder br@example.org.",
  "**https://example.org/** ~~https://example.org/~~ (https://example.org/a_(b))",
  "[Wert](<a b(> 'Titel') [x][1] [1]\n\n[1]: /ziel \"T\"",
  "![Bild **fett**](/bild.png \"Titel\") [![Bild](/a.png)](/ziel)",
  "Text mit <b>HTML</b> und <script>alert(1)</script> <!-- so --> &lt;b>",
  "# Titel mit \\# am Ende \\#\n\nZwei\\\nZeilen\n===\n\n####### sieben",
  "````md\n```\ninnen\n```\n````\n\n~~~a`b\nx\n~~~\n\n    eingerückt\n\n    weiter",
  "---\n\n***\n\n- ***\n- a\n  ___",
  "> a\n\n> b\n>\n> > c\n>\n> - d\n>   e",
  "&nbsp;\n\n&nbsp;eingerückt\n\n\\\nmit Umbruch vorn",
  "`` ` `` und ``` `` ``` und ` `` ` und `  `",
];

const sameMeaning = (markdown) => meaning(serialize(parse(markdown))) === meaning(markdown);

test("every example of the CommonMark specification keeps its meaning, but for the known ones", (context) => {
  const different = [];
  let sameHtml = 0;
  for (const { number, markdown } of specification) {
    const source = markdown.replaceAll("→", "\t");
    if (!sameMeaning(source)) different.push(number);
    if (tokenizer.render(serialize(parse(source))) === tokenizer.render(source)) sameHtml++;
  }
  context.diagnostic(`${specification.length} examples, ${specification.length - different.length} keep their meaning`);
  context.diagnostic(`${sameHtml} even give the same HTML to the letter`);
  assert.deepEqual(different, [...KNOWN_DIFFERENCES.keys()]);
});

test("tables, struck-out text and everyday texts keep their meaning", () => {
  for (const example of OWN_EXAMPLES) {
    const written = serialize(parse(example));
    assert.equal(meaning(written), meaning(example), `${example}\n→\n${written}`);
  }
});

test("a text that was written once is written the same way again", () => {
  for (const { number, markdown } of specification) {
    if (KNOWN_DIFFERENCES.has(number)) continue;
    const once = serialize(parse(markdown.replaceAll("→", "\t")));
    assert.equal(serialize(parse(once)), once, `example ${number}`);
  }
});

test("all own examples one after the other keep their meaning", () => {
  const whole = OWN_EXAMPLES.join("\n\n");
  assert.ok(sameMeaning(whole));
});

test("the comparison notices what is lost", () => {
  assert.notEqual(meaning("**fett**"), meaning("fett"));
  assert.notEqual(meaning("- a\n- b"), meaning("- a\n\n- b"));
  assert.notEqual(meaning("[a](/x)"), meaning("[a](/y)"));
  assert.notEqual(meaning("[](/x)"), meaning(""));
  assert.notEqual(meaning("| a |\n| :-- |"), meaning("| a |\n| --- |"));
  assert.equal(meaning("**_a_**"), meaning("_**a**_"));
  assert.equal(meaning("a\nb"), meaning("a b"));
});

test("text is written without needless backslashes", () => {
  for (const plain of [
    "Der Betriebsrat hat am 3. März beschlossen: 4 * 3 = 12 (siehe Anlage).",
    "C:\\Daten\\neu und datei_name_neu.txt, 50 % & mehr; a < b",
    "Mehr unter https://example.org/a_b?x=1&y=2 oder mail@example.org",
    "- eins\n- zwei\n  1. tief\n  2. tiefer\n- drei",
    "| Name | Zahl |\n| --- | --- |\n| Ost | 12 |",
    "# Titel\n\n> Zitat\n\n**fett**, *schräg* und ~~weg~~",
  ])
    assert.equal(serialize(parse(plain)), plain);
});
