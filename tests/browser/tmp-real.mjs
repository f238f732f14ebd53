import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, existsSync, writeFileSync } from "node:fs";
const data = mkdtempSync("/tmp/real-");
writeFileSync(data+"/o.toml", `format = 1
[office]
name = "Kowalski Dental"
country = "PL"
language = "pl"
timezone = "Europe/Warsaw"
[network]
sip_udp = ["127.0.0.1:0"]
sip_tcp = []
sip_tls = []
panel_http = "127.0.0.1:0"
panel_https = "127.0.0.1:0"
[[person]]
name = "Jan Kowalski"
extension = "2005"
role = "user"
sip_password = "s3cret-2005"
[[analog]]
port = "fxs1"
extension = "301"
[[analog]]
port = "fxs2"
extension = "302"
name = "Recepcja"
[codes]
echo_test = "*43"
`);
const child = spawn("/tmp/centralka-panel", ["serve","--data",data,"--config",data+"/o.toml","--board","sim"]);
let said="";child.stdout.on("data",d=>said+=d);child.stderr.on("data",d=>said+=d);
while(!existsSync(data+"/listen.json")||!existsSync(data+"/claim-code")) await new Promise(r=>setTimeout(r,50));
const url="http://"+JSON.parse(readFileSync(data+"/listen.json")).panel_http;
const code=readFileSync(data+"/claim-code","utf8").trim();
console.log(code.length, said);
const b = await chromium.launch({executablePath:"/usr/bin/chromium",args:["--no-sandbox"]});
const p = await b.newPage({viewport:{width:1280,height:900},locale:"en-GB"});
await p.goto(url); await p.fill("#code",code); await p.fill("#name","Ewa Wiśniewska"); await p.fill("#login","ewa"); await p.fill("#password","correct horse battery"); await p.click("[type=submit]");
await p.waitForSelector("#board li");
const sets=p.locator("#board li");
await sets.nth(0).getByRole("button",{name:"Lift"}).click();
await p.waitForTimeout(1500);
await sets.nth(0).getByLabel("Number").fill("302"); await sets.nth(0).getByRole("button",{name:"Dial",exact:true}).click();
await sets.nth(1).getByRole("button",{name:"Answer"}).waitFor();
await p.screenshot({path:"/tmp/shots/real-ringing.png",fullPage:true});
await sets.nth(1).getByRole("button",{name:"Answer"}).click();
await p.waitForTimeout(1500);
await sets.nth(0).getByRole("button",{name:"Talk"}).click();
await p.waitForTimeout(2500);
await sets.nth(1).getByRole("button",{name:"Listen"}).click();
await p.waitForTimeout(1200);
await p.screenshot({path:"/tmp/shots/real-talking.png",fullPage:true});
await p.locator("#calls").getByRole("link",{name:/Explain/}).click();
await p.waitForTimeout(500);
await p.screenshot({path:"/tmp/shots/real-explain-live.png",fullPage:true});
await p.goBack();
await p.locator("#calls").getByRole("button",{name:/End/}).click();
await p.screenshot({path:"/tmp/shots/real-end.png"});
await p.getByRole("dialog").getByRole("button",{name:"End"}).click();
await p.waitForTimeout(800);
// a wrong number
await sets.nth(0).getByRole("button",{name:"Hang up"}).click();
await p.waitForTimeout(300);
await sets.nth(0).getByRole("button",{name:"Lift"}).click();
await p.waitForTimeout(1500);
await sets.nth(0).getByLabel("Number").fill("777"); await sets.nth(0).getByRole("button",{name:"Dial",exact:true}).click();
await p.waitForTimeout(4000);
await sets.nth(0).getByRole("button",{name:"Listen"}).click();
await p.waitForTimeout(800);
await p.screenshot({path:"/tmp/shots/real-after.png",fullPage:true});
await sets.nth(0).getByRole("button",{name:"Hang up"}).click();
await p.waitForTimeout(800);
await p.locator("#recent a").nth(1).click(); await p.waitForTimeout(600);
await p.screenshot({path:"/tmp/shots/real-explain.png",fullPage:true});
await p.goBack(); await p.waitForTimeout(300);
await p.locator("#recent a").nth(0).click(); await p.waitForTimeout(600);
await p.screenshot({path:"/tmp/shots/real-explain2.png",fullPage:true});
console.log(await (await p.request.get(url+"/metrics")).text());
await p.goto(url+"/"); await p.getByRole("button",{name:"Add a person"}).click(); await p.fill("#person-name","Łucja Żółkiewska");await p.getByRole("button",{name:"Add",exact:true}).click();await p.waitForSelector("dialog img");
await p.screenshot({path:"/tmp/shots/real-card.png"});
await p.emulateMedia({media:"print"}); await p.pdf({path:"/tmp/shots/card.pdf"}).catch(e=>console.log(e.message));
await p.screenshot({path:"/tmp/shots/real-print.png"});
await b.close(); child.kill("SIGTERM"); await new Promise(r=>child.once("exit",r)); console.log(said.slice(-600));
