import { parse } from "../src/markdown.js";
import { serialize } from "../src/serialize.js";
import { schema as S } from "../src/schema.js";
let seed=+process.argv[2]||1; const rnd=()=>{seed=(seed*1664525+1013904223)%4294967296;return seed/4294967296}; const pick=a=>a[Math.floor(rnd()*a.length)]; const N=k=>Math.floor(rnd()*k);
const words=["Wort","a","§ 87","(x)","*","_","#","1.","-","+","|","!","[x]","<b>","&amp;","\\","`","~~","über","„Zitat“",".",":","=","---","1)",">","a_b","\u00a0"," "," ","  ","~", "\\|"];
const txt=()=>Array.from({length:1+N(4)},()=>pick(words)).join(pick([""," "]));
const inl=(cell)=>{const r=[];const n=N(5);for(let i=0;i<n;i++){if(!cell&&rnd()<.1){r.push(S.node("hard_break"));continue} if(rnd()<.05){r.push(S.node("image",{src:"/a.png",alt:"b",title:null}));continue}
 const m=[];if(rnd()<.25)m.push(S.mark("em"));if(rnd()<.25)m.push(S.mark("strong"));if(rnd()<.15)m.push(S.mark("strike"));if(rnd()<.1)m.push(S.mark("code"));if(rnd()<.12)m.push(S.mark("link",{href:pick(["/a","https://b.de/(c)","/d e".replace(" ","%20")]),title:pick([null,'t "q"'])}));r.push(S.text(txt(),S.mark("em").addToSet([]).length?m.reduce((s,x)=>x.addToSet(s),[]):m))}return r};
const block=(d)=>{const k=rnd();if(k<.5||d>3)return S.node("paragraph",null,inl());if(k<.58)return S.node("heading",{level:1+N(3)},inl());if(k<.63)return S.node("code_block",{info:pick(["","js"])},S.text(pick(["x\n\n y","```","a\n"])));if(k<.66)return S.node("horizontal_rule");if(k<.72)return S.node("blockquote",null,blocks(d+1));
if(k<.8){const w=1+N(3);return S.node("table",null,Array.from({length:1+N(3)},(_,i)=>S.node("table_row",null,Array.from({length:w},()=>S.node(i?"table_cell":"table_header",null,inl(true))))))}
const items=Array.from({length:1+N(3)},()=>S.node("list_item",null,blocks(d+1)));return rnd()<.5?S.node("bullet_list",{tight:rnd()<.7},items):S.node("ordered_list",{order:pick([1,1,3,0]),tight:rnd()<.7},items)};
const blocks=(d)=>Array.from({length:1+N(3)},()=>block(d));
// canonical
const canon=(n)=>{ if(n.isTextblock){const cs=[];n.forEach(c=>{const hb=c.type.name==="hard_break"&&!n.attrs.level;if(c.type.name==="hard_break"&&!hb){cs.push([" ","",false]);return} for(const ch of (c.isText?[...c.text]:[hb?"\n":"IMG"])){const code=c.marks.some(m=>m.type.name==="code"); const ws=/\s/.test(ch)&&!code; let m=c.marks.filter(m=>!((m.type.name==="link"&&m.attrs.href===ch)||(ws&&!code))).map(m=>m.type.name+(m.attrs.href||"")+(m.attrs.title||"")).sort().join();cs.push([code||ch==="\n"?ch:ws&&ch!=="\u00a0"?" ":ch,m,c.isText])}});
 let s="",pm=null,pl="";for(const [ch,m] of cs){ if((ch===" "||ch==="\u00a0")&&(pl==="\u00a0"||pl===" "||pl==="\n"||pl==="")) {continue} if(ch==="\n")s=s.replace(/(?: |\{\})+$/,""); s+=(m!==pm&&ch!=="\n"&&ch!==" "?`{${m}}`:"")+ch;if(ch!=="\n"&&ch!==" ")pm=m;pl=ch}
 return n.type.name+(n.attrs.level||"")+"("+s.replace(/(\s|\{\})+$/,"")+")"}
 const r=[];n.forEach(c=>{const t=canon(c);if(!/^paragraph\((\{\})?\s*\)$/.test(t))r.push(t)});
 return n.type.name+(n.attrs.order??"")+"["+r.join("")+"]"};
let bad=0;const T=+process.argv[3]||3000;
const norm=(s)=>s.replace(/\{[^}]*\}(?=[\s]*\{)/g,"");
for(let i=0;i<T;i++){const doc=S.node("doc",null,blocks(0));doc.check();let md;try{md=serialize(doc)}catch(e){console.log(e.stack);process.exit()}
 const back=parse(md);const a=serialize(back);
 const ca=norm(canon(doc)),cb=norm(canon(back));
 if(ca!==cb){ bad++; if(md.length<300&&bad<=(+process.argv[4]||6)){console.log("----\n"+md+"\n>>A "+ca+"\n>>B "+cb)}}}
console.log({T,bad});
