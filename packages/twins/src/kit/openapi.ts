/**
 * Requests checked against a provider's own OpenAPI file. Schemas are compiled once, at the start.
 *
 * Bodies of forms have only texts, so that for them numbers and truth values are read from texts.
 * A media type that ends in `+json` is JSON; which types an operation takes, its twin asks.
 * What the file forbids is an error; what it does not speak of (an unknown field, say) is none.
 */
import { readFileSync } from 'node:fs';
import addFormatsModule from 'ajv-formats';
import { OpenAPIBackend, type Document, type Operation } from 'openapi-backend';
import type { TwinRequest } from './exchange.ts';

// The package is CommonJS with an export called default.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

export interface Violation {
  /** `/requestBody/to/address_zip`, `/query/limit`, `/header/idempotency-key` */
  readonly at: string;
  /** The word of JSON Schema that it broke: `required`, `maxLength`. */
  readonly keyword: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Checked {
  readonly operation: string;
  /** From a form: with numbers and truth values in place of texts. */
  readonly body: unknown;
  readonly form: boolean;
}

interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Record<string, unknown>;
}

/** The file as it is checked by, its operations at hand: to find one goes through all of them. */
interface Checker {
  readonly validator: OpenAPIBackend['validator'];
  readonly operations: ReadonlyMap<string, Operation>;
}

export class ApiSpec {
  /** Read once a process: to compile their schemas takes longer than all else of a start. */
  static readonly #known = new Map<string, Promise<ApiSpec>>();
  readonly #json: Checker;
  readonly #forms: Checker;
  readonly #mediaTypes: ReadonlyMap<string, readonly string[]>;

  private constructor(
    json: Checker,
    forms: Checker,
    mediaTypes: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#json = json;
    this.#forms = forms;
    this.#mediaTypes = mediaTypes;
  }

  static async read(path: URL): Promise<ApiSpec> {
    const known = ApiSpec.#known.get(path.href) ?? ApiSpec.#compiled(path);
    ApiSpec.#known.set(path.href, known);
    return await known;
  }

  static async #compiled(path: URL): Promise<ApiSpec> {
    const given = readFileSync(path, 'utf8');
    // The checker knows the one name alone.
    const text = given.replaceAll(/"application\/[\w.]+\+json":/g, '"application/json":');
    const checker = async (coerceTypes: boolean): Promise<Checker> => {
      const api = new OpenAPIBackend({
        definition: JSON.parse(text) as Document,
        quick: true,
        strict: false,
        ajvOpts: { coerceTypes },
        customizeAjv: (ajv) => {
          addFormats(ajv);
          return ajv;
        },
      });
      await api.init();
      const operations = api.router.getOperations();
      return {
        validator: api.validator,
        operations: new Map(operations.map((one) => [one.operationId ?? '', one])),
      };
    };
    const types = mediaTypesIn(JSON.parse(given) as Document);
    return new ApiSpec(await checker(false), await checker(true), types);
  }

  /** Of the bodies that an operation takes. */
  mediaTypes(operation: string): readonly string[] {
    return this.#mediaTypes.get(operation) ?? [];
  }

  /**
   * What is wrong with a request.
   *
   * @param query without what the file says in a way that no schema has, as `before/after`.
   */
  violations(
    { method, path, headers }: Pick<TwinRequest, 'method' | 'path' | 'headers'>,
    query: Readonly<Record<string, unknown>>,
    { operation, body, form }: Checked,
  ): readonly Violation[] {
    const { validator, operations } = form ? this.#forms : this.#json;
    const result = validator.validateRequest(
      {
        method: method.toLowerCase(),
        path,
        query: query as Record<string, string>,
        // Of a form, too: its fields have been read into an object.
        headers: { ...(headers as Record<string, string>), 'content-type': 'application/json' },
        body,
      },
      operations.get(operation) ?? operation,
    );
    return ((result.errors ?? []) as AjvError[]).map(toViolation);
  }

  /** What is wrong with an answer, for tests of a twin. */
  answerViolations(operation: string, status: number, body: unknown): readonly Violation[] {
    const { errors } = this.#json.validator.validateResponse(body, operation, status);
    return ((errors ?? []) as AjvError[]).map(toViolation);
  }
}

interface DescribedOperation {
  readonly operationId?: string;
  readonly requestBody?: { readonly content?: object };
}

function mediaTypesIn({ paths = {} }: Document): Map<string, readonly string[]> {
  const types = new Map<string, readonly string[]>();
  for (const path of Object.values(paths))
    for (const operation of Object.values(path as Record<string, DescribedOperation>)) {
      const { operationId, requestBody } = operation;
      if (operationId !== undefined)
        types.set(operationId, Object.keys(requestBody?.content ?? {}));
    }
  return types;
}

function toViolation({ instancePath, keyword, message = '', params }: AjvError): Violation {
  return { at: instancePath, keyword, message, params };
}
