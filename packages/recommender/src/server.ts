#!/usr/bin/env node
import { runService } from "@endcap/service-kit";
import { buildRecommender } from "./app.ts";
import { recommenderConfig } from "./config.ts";

await runService(recommenderConfig, buildRecommender);
