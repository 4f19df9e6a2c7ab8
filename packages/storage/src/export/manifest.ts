/**
 * The layout of DynamoDB's export to S3, so that one trainer reads both:
 *
 *   AWSDynamoDB/<exportId>/manifest-summary.json   written last: an export without it is not one
 *   AWSDynamoDB/<exportId>/manifest-files.json     a line for each data file: its rows and its MD5
 *   AWSDynamoDB/<exportId>/data/*.json.gz          a line for each row: {"Item": {"pk": {"S": …}, …}}
 */
import { EndcapError } from "@endcap/protocol";

export const exportKey = (exportId: string): string => `AWSDynamoDB/${exportId}`;
export const SUMMARY = "manifest-summary.json";
export const FILES = "manifest-files.json";
export const DATA = "data";

export interface ManifestFile {
  readonly itemCount: number;
  readonly md5Checksum: string;
  readonly dataFileS3Key: string;
}

export interface ManifestSummary {
  readonly version: "2020-06-30";
  readonly exportArn: string;
  readonly tableArn: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly exportTime: string;
  readonly manifestFilesS3Key: string;
  readonly billedSizeBytes: number;
  readonly itemCount: number;
  readonly outputFormat: "DYNAMODB_JSON";
}

export function damaged(internal: string, cause?: unknown): EndcapError {
  return new EndcapError("export_damaged", { internal, ...(cause !== undefined && { cause }) });
}

export function parseSummary(text: string): Pick<ManifestSummary, "itemCount" | "exportTime"> {
  const { itemCount, exportTime, outputFormat } = parseObject(text, SUMMARY);
  if (typeof itemCount !== "number" || typeof exportTime !== "string" || outputFormat !== "DYNAMODB_JSON")
    throw damaged(`${SUMMARY} is not of the form this reads`);
  return { itemCount, exportTime };
}

export function parseFiles(text: string): ManifestFile[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const { itemCount, md5Checksum, dataFileS3Key } = parseObject(line, FILES);
    if (typeof itemCount !== "number" || typeof md5Checksum !== "string" || typeof dataFileS3Key !== "string")
      throw damaged(`${FILES} is not of the form this reads`);
    return { itemCount, md5Checksum, dataFileS3Key };
  });
}

function parseObject(text: string, name: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return { ...parsed };
  } catch (error) {
    throw damaged(`${name} is no JSON`, error);
  }
  throw damaged(`${name} is no JSON object`);
}
