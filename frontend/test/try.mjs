import { parse } from "../src/markdown.js";
import { serialize } from "../src/serialize.js";
import { meaning } from "../src/meaning.js";
import { tests } from "commonmark-spec";
let bad=0,n=0,html=0,crash=0;
for (const t of tests) {
  if (/html/i.test(t.section)) { html++; }
  const md=t.markdown.replace(/→/g,"\t"); n++;
  try {
  const out=serialize(parse(md));
  if (meaning(md)!==meaning(out)) { bad++; if (process.argv[2]) console.log(t.number,t.section,JSON.stringify(md),"\n   ",JSON.stringify(out)); }
  } catch(e){crash++;console.log(t.number,JSON.stringify(md),e.stack.slice(0,300))}
}
console.log({n,html,bad,crash});
