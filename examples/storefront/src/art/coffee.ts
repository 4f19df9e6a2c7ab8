import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, shadow, stroke } from "./pen.ts";

const bean = (x: number, y: number) =>
  oval(x, y, 12, 8, "#5a3824") + stroke(`M${x - 10} ${y} q10 -5 20 0`, "#3b2416", 2.5);

export function mokaPot(ink: Ink, style: number): string {
  return [
    shadow(88),
    stroke("M262 126 q74 -6 66 62 l-12 30", material.iron, 18),
    fill("M138 112 L262 112 L246 210 L154 210 Z", ink.base),
    fill("M138 112 L170 112 L176 210 L154 210 Z", ink.light),
    fill("M232 112 L262 112 L246 210 L226 210 Z", ink.dark),
    fill("M138 112 L112 92 L150 100 Z", ink.dark),
    fill("M134 112 L200 82 L266 112 Z", ink.light),
    fill("M200 82 L266 112 L226 112 Z", ink.base),
    circle(200, 72, 13, style % 2 ? material.wood : material.iron),
    rect(148, 208, 104, 20, 4, ink.deep),
    fill("M152 228 L248 228 L272 306 Q272 324 256 324 L144 324 Q128 324 128 306 Z", ink.base),
    fill("M152 228 L176 228 L166 324 L144 324 Q128 324 128 306 Z", ink.light),
    fill("M226 228 L248 228 L272 306 Q272 324 256 324 L236 324 Z", ink.dark),
    circle(200, 268, 8, material.brass),
    bean(318, 318),
    bean(344, 322),
    style % 2 ? bean(84, 320) : "",
  ].join("");
}

export function dripper(ink: Ink, style: number): string {
  return [
    shadow(106),
    stroke("M286 246 q50 4 44 40 q-6 30 -56 26", material.steelDark, 9, { opacity: 0.8 }),
    fill(
      "M138 214 L262 214 C266 236 296 252 292 290 Q290 324 252 324 L148 324 Q110 324 108 290 C104 252 134 236 138 214 Z",
      "#dbe7e6",
    ),
    fill(
      "M114 272 Q200 258 286 272 Q294 284 292 292 Q290 324 252 324 L148 324 Q110 324 108 290 Q108 280 114 272 Z",
      "#5b3823",
    ),
    oval(200, 270, 87, 9, "#7a4d30"),
    stroke("M124 262 q2 -14 18 -26", "#ffffff", 7),
    rect(128, 196, 144, 16, 8, ink.dark),
    fill("M104 92 L296 92 L236 196 L164 196 Z", ink.base),
    fill("M104 92 L146 92 L186 196 L164 196 Z", ink.light),
    fill("M262 92 L296 92 L236 196 L222 196 Z", ink.dark),
    style % 2
      ? stroke("M166 112 l18 72 M200 112 l0 72 M234 112 l-18 72", ink.dark, 4)
      : stroke("M150 124 q50 22 100 0 M162 150 q38 18 76 0", ink.dark, 4),
    oval(200, 92, 96, 16, ink.deep),
    fill("M120 92 Q200 60 280 92 Q200 112 120 92 Z", material.cream),
    oval(200, 94, 52, 9, "#6a4229"),
    stroke("M270 120 q44 4 36 32 q-8 18 -44 12", ink.dark, 11),
  ].join("");
}

export function grinder(ink: Ink, style: number): string {
  return [
    shadow(80),
    stroke("M200 96 L200 66 L304 66", material.steelDark, 10),
    circle(306, 58, 17, material.wood),
    circle(302, 53, 6, material.woodLight),
    rect(152, 94, 96, 26, 8, material.steel),
    rect(152, 94, 30, 26, 8, material.steelLight),
    fill("M148 120 L252 120 L256 214 L144 214 Z", ink.base),
    fill("M148 120 L178 120 L176 214 L144 214 Z", ink.light),
    fill("M228 120 L252 120 L256 214 L228 214 Z", ink.dark),
    rect(140, 212, 120, 16, 4, material.brass),
    rect(140, 212, 36, 16, 4, "#e0c27c"),
    style % 2
      ? fill("M146 228 L254 228 L254 306 Q254 324 238 324 L162 324 Q146 324 146 306 Z", material.wood) +
        fill("M146 228 L172 228 L172 324 L162 324 Q146 324 146 306 Z", material.woodLight) +
        fill("M230 228 L254 228 L254 306 Q254 324 238 324 L230 324 Z", material.woodDark)
      : fill("M146 228 L254 228 L254 306 Q254 324 238 324 L162 324 Q146 324 146 306 Z", "#dbe7e6") +
        fill("M146 272 L254 266 L254 306 Q254 324 238 324 L162 324 Q146 324 146 306 Z", "#5b3823") +
        rect(154, 236, 12, 74, 6, "#ffffff", { opacity: 0.7 }),
    rect(176, 146, 48, 34, 4, ink.accent),
    bean(300, 316),
    bean(96, 320),
    bean(326, 322),
  ].join("");
}

export function kettle(ink: Ink, style: number): string {
  const goose = style % 2;
  return [
    shadow(122),
    goose
      ? stroke("M122 270 C70 262 92 176 54 158 L40 152", ink.dark, 15)
      : fill("M128 216 L64 168 L40 176 L46 188 L60 190 L120 284 Z", ink.dark),
    stroke("M142 142 C132 54 268 54 258 142", material.wood, goose ? 0 : 15),
    stroke("M268 170 C336 146 358 196 344 262 L330 276", goose ? material.wood : "none", 15),
    fill(
      "M140 152 L260 152 C290 200 304 256 296 302 Q292 324 266 324 L134 324 Q108 324 104 302 C96 256 110 200 140 152 Z",
      ink.base,
    ),
    fill("M140 152 L172 152 C146 206 140 262 146 324 L134 324 Q108 324 104 302 C96 256 110 200 140 152 Z", ink.light),
    fill("M238 152 L260 152 C290 200 304 256 296 302 Q292 324 266 324 L246 324 C264 268 262 204 238 152 Z", ink.dark),
    fill("M136 154 Q200 112 264 154 Q200 168 136 154 Z", ink.dark),
    circle(200, 122, 13, material.wood),
    rect(106, 298, 188, 8, 4, ink.deep, { opacity: 0.5 }),
  ].join("");
}

export function teapot(ink: Ink, style: number): string {
  const decor =
    style % 3 === 0
      ? [0, 1, 2, 3, 4].map((i) => circle(138 + i * 31, 240 + (i % 2) * 18, 8, ink.accent)).join("")
      : style % 3 === 1
        ? stroke("M102 246 q24 -26 49 0 t49 0 t49 0 t49 0", ink.accent, 6)
        : stroke(
            "M200 292 L200 212 M200 236 q-30 -4 -32 -32 q30 2 32 32 M200 264 q30 -4 32 -32 q-30 2 -32 32",
            ink.accent,
            5,
          );
  return [
    shadow(120),
    fill("M112 244 C80 246 82 196 42 184 L56 168 C100 178 104 204 128 206 Z", ink.dark),
    stroke("M284 194 q64 -6 56 44 q-8 44 -66 36", ink.dark, 15),
    fill(
      "M132 172 L268 172 C306 196 314 250 292 292 Q280 324 244 324 L156 324 Q120 324 108 292 C86 250 94 196 132 172 Z",
      ink.base,
    ),
    fill("M132 172 L164 172 C130 204 124 262 152 324 Q120 320 108 292 C86 250 94 196 132 172 Z", ink.light),
    fill("M246 172 L268 172 C306 196 314 250 292 292 Q280 324 244 324 C278 280 282 216 246 172 Z", ink.dark),
    decor,
    fill("M128 174 Q132 140 200 136 Q268 140 272 174 Q200 190 128 174 Z", ink.light),
    fill("M236 144 Q270 152 272 174 Q258 178 240 180 Z", ink.base),
    circle(200, 128, 14, ink.deep),
    stroke("M40 164 q-12 -18 0 -36 q12 -16 2 -32", material.cream, 6, { opacity: 0.8 }),
  ].join("");
}
