// What the README takes for granted, as preamble.js has it.
declare const message: { touser: string; msgtype: string; agentid: number; text: object }
declare const sdk: { sendMessage(token: string, content: object): Promise<{ errcode: number }> }
declare const suiteId: string
declare const suiteSecret: string
declare const suiteTicket: string
declare const timeStamp: number
declare const providerCorpId: string
declare const providerSecret: string
declare const permanentCodes: Map<string, string>
