import { lmdbAdapter } from "./adapters.ts";
import { tablesContracts } from "./contract/suite.ts";

tablesContracts(lmdbAdapter("lmdb"));
