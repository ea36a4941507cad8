import {
  createTokenSource,
  hardwareModel,
  selfBuilt,
  suiteApp,
  type TokenSource,
} from '../../src/index.js'

/** The source of an app's token, which is `app-token`. */
export function appSource(corpSecret = 'planted-app-secret'): TokenSource {
  return createTokenSource(selfBuilt({ corpId: 'ww-up', corpSecret }), {
    transport: async () => ({
      status: 200,
      body: '{"errcode":0,"access_token":"app-token","expires_in":7200}',
    }),
  })
}

/** The source of a suite's token, which is `suite-token`. */
export function suiteSource(): TokenSource {
  const suite = { suiteId: 'ww-suite', suiteSecret: 'planted-suite-secret', suiteTicket: 'ticket' }
  return createTokenSource(suiteApp(suite), {
    transport: async () => ({
      status: 200,
      body: '{"suite_access_token":"suite-token","expires_in":7200}',
    }),
  })
}

/** The source of a hardware model's token, which is `model-token`. */
export function modelSource(): TokenSource {
  const model = { modelId: 'model-1', modelSecret: 'planted-model-secret' }
  const source = createTokenSource(hardwareModel(model), {
    transport: async () => ({
      status: 200,
      body: '{"model_access_token":"model-token","expires_in":7200}',
    }),
  })
  void source.pushTicket('planted-model-ticket')
  return source
}
