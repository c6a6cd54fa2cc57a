import fastifySwagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { App } from './app.ts';

/** Collects the schemas of the routes that are added afterwards. */
export async function describe(app: App): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Watchkeeper',
        version: '1',
        description: 'The API of a pool, the same on every server.',
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

/** The OpenAPI 3.1 document. The types we have know 3.0 only, which has no client certificates. */
export function description(app: App): Readonly<Record<string, unknown>> & { openapi: string } {
  const { components, ...document } = app.swagger() as { readonly components?: object };
  return {
    ...document,
    openapi: '3.1.0',
    components: {
      ...components,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'made with `watchkeeper token create`' },
        certificate: { type: 'mutualTLS', description: 'of a user or a server of this pool' },
      },
    },
    security: [{ token: [] }, { certificate: [] }],
  };
}
