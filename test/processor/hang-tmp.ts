import { OfficeDeriver } from "/work/ten/processor/derive/office.ts";
import { TextDeriver } from "/work/ten/processor/derive/text.ts";
import { Sandbox } from "/work/ten/processor/sandbox/sandbox.ts";
import { convertFlat, flatText } from "/work/ten/test/support/office.ts";
import { ALL_TOOLS_THERE } from "/work/ten/test/processor/support/derive.ts";
import { mkdtemp, writeFile, rm } from "node:fs/promises";
const sandbox = await Sandbox.create(); console.log(sandbox.rung, sandbox.isolation);
const d = new OfficeDeriver(sandbox, new TextDeriver(sandbox, ALL_TOOLS_THERE));
const [[ext, bytes]] = [...(await convertFlat(flatText(10), ["odt"]))];
for (let i=0;i<25;i++){ const scratch=await mkdtemp("/tmp/hang-"); await writeFile(scratch+"/original", bytes); const t=Date.now(); const out=[]; for await (const p of d.make({type:"application/vnd.oasis.opendocument.text", sizeBytes: bytes.length, path: scratch+"/original", scratch}, new Set(["preview"]) as any, new AbortController().signal)) out.push(p.result+(p.reason??"")); console.log(i, Date.now()-t, out.join()); await rm(scratch,{recursive:true}); }
