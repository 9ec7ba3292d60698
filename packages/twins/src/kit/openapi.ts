/**
 * Requests checked against a provider's own OpenAPI file. Schemas are compiled once, at the start.
 *
 * Bodies of forms have only texts, so that for them numbers and truth values are read from texts.
 * What the file forbids is an error; what it does not speak of (an unknown field, say) is none.
 */
import { readFileSync } from 'node:fs';
import addFormatsModule from 'ajv-formats';
import { OpenAPIBackend, type Document } from 'openapi-backend';
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

export class ApiSpec {
  readonly #json: OpenAPIBackend;
  readonly #forms: OpenAPIBackend;

  private constructor(json: OpenAPIBackend, forms: OpenAPIBackend) {
    this.#json = json;
    this.#forms = forms;
  }

  static async read(path: URL): Promise<ApiSpec> {
    const text = readFileSync(path, 'utf8');
    const backend = async (coerceTypes: boolean): Promise<OpenAPIBackend> => {
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
      return api;
    };
    return new ApiSpec(await backend(false), await backend(true));
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
    const { validator } = form ? this.#forms : this.#json;
    const result = validator.validateRequest(
      {
        method: method.toLowerCase(),
        path,
        query: query as Record<string, string>,
        // Of a form, too: its fields have been read into an object.
        headers: { ...(headers as Record<string, string>), 'content-type': 'application/json' },
        body,
      },
      operation,
    );
    return ((result.errors ?? []) as AjvError[]).map(toViolation);
  }

  /** What is wrong with an answer, for tests of a twin. */
  answerViolations(operation: string, status: number, body: unknown): readonly Violation[] {
    const { errors } = this.#json.validator.validateResponse(body, operation, status);
    return ((errors ?? []) as AjvError[]).map(toViolation);
  }
}

function toViolation({ instancePath, keyword, message = '', params }: AjvError): Violation {
  return { at: instancePath, keyword, message, params };
}
