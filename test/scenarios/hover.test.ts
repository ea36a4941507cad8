import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const ERRORS = fileURLToPath(new URL('../../src/core/errors.ts', import.meta.url))
const EVENTS = fileURLToPath(new URL('../../src/core/events.ts', import.meta.url))
const program = ts.createProgram([ERRORS, EVENTS], { strict: true, noLib: true, types: [] })
const checker = program.getTypeChecker()

function exported(file: string, name: string): ts.Type {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile)
  const symbol = module && checker.getExportsOfModule(module).find((one) => one.name === name)
  if (symbol === undefined) throw new Error(`${file} exports no ${name}`)
  return checker.getDeclaredTypeOfSymbol(symbol)
}

/** What an editor shows for a property. */
function hoverOf(type: ts.Type, property: string): string {
  const symbol = type.getProperty(property)
  return ts.displayPartsToString(symbol?.getDocumentationComment(checker))
}

function textsIn(type: ts.Type): string[] {
  const types = type.isUnion() ? type.types : [type]
  return types.filter((one) => one.isStringLiteral()).map(({ value }) => value)
}

function typeOf(owner: ts.Type, property: string): ts.Type {
  const symbol = owner.getProperty(property)
  if (symbol === undefined) throw new Error(`there is no ${property}`)
  return checker.getTypeOfSymbol(symbol)
}

const events = (exported(EVENTS, 'TokenEvent') as ts.UnionType).types.map((type) => {
  const [name = ''] = textsIn(typeOf(type, 'type'))
  return [name, type] as const
})

it('what an editor shows describes each code of error.code', () => {
  const error = exported(ERRORS, 'QyapiTokenError')
  const codes = textsIn(typeOf(error, 'code'))
  expect(codes.length).toBeGreaterThan(6)
  for (const code of codes) expect(hoverOf(error, 'code')).toContain(`\`${code}\``)
  for (const field of ['errcode', 'egressIp', 'retryAfterMs', 'retryable'])
    expect(hoverOf(error, field), field).not.toBe('')
})

it('what an editor shows knows all eleven events', () => {
  expect(events.map(([name]) => name)).toEqual([...new Set(events.map(([name]) => name))])
  expect(events.length).toBe(11)
})

it.each(events)(
  'what an editor shows describes every field of the event %s, and each reason',
  (_name, event) => {
    for (const { name } of event.getProperties()) {
      const hover = hoverOf(event, name)
      expect(hover, name).not.toBe('')
      if (name !== 'reason') continue
      for (const reason of textsIn(typeOf(event, name))) expect(hover).toContain(`\`${reason}\``)
    }
  },
)
