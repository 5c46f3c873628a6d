/* The two tables by Fastify and better-sqlite3, as fast as they go: one process a core, answers made into JSON by SQLite
 * (one text comes over to JavaScript instead of forty values), writes of one turn of the loop in one durable commit.
 *   node fastify.js DATABASE PROCESSES */
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import Fastify from 'fastify'

const [path, processes] = [process.argv[2], Number(process.argv[3])]
const JSON_COLUMNS = new Set(['success_criteria', 'resources'])
const PARENTS = { review_reference: 'd.review_reference', review_title: 'd.review_title',
                  decision_reference: 'd.reference', decision_title: 'd.title' }

const text = max => ({ type: 'string', minLength: 1, maxLength: max })
const BODY = {
  type: 'object',
  required: ['kind', 'title', 'owner_id', 'deadline', 'success_criteria', 'priority'],
  additionalProperties: false,
  properties: {
    kind: { enum: ['correction', 'corrective', 'preventive', 'improvement', 'change'] },
    title: text(200),
    description: text(20000),
    root_cause: text(5000),
    owner_id: { type: 'string', minLength: 36, maxLength: 36 },
    deadline: { type: 'string', pattern: '^[0-9]{4}-[01][0-9]-[0-3][0-9]$' },
    priority: { enum: ['low', 'medium', 'high', 'critical'] },
    success_criteria: { type: 'array', minItems: 1, maxItems: 20, items: { type: 'object', required: ['statement'] } }
  }
}

function uuidv7 () {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = 0x70 | bytes[6] & 0x0f
  bytes[8] = 0x80 | bytes[8] & 0x3f
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function serve () {
  const database = new Database(path, { timeout: 10000 })
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = 1')
  const columns = database.pragma('table_info(action_item)').map(column => column.name)
  const members = columns.map(name => JSON_COLUMNS.has(name) ? `'${name}', json(a.${name})` : `'${name}', a.${name}`)
    .concat(Object.entries(PARENTS).map(([name, sql]) => `'${name}', ${sql}`),
      "'overdue', json(iif(a.deadline < date('now') AND a.ended_at IS NULL, 'true', 'false'))")
  const record = `json_object(${members.join(', ')})`
  const rows = 'FROM action_item AS a JOIN decision AS d ON d.id = a.decision_id'
  const one = database.prepare(`SELECT ${record} ${rows} WHERE a.id = ?`).pluck()
  const page = database.prepare(`SELECT json_group_array(json(record)) FROM
    (SELECT ${record} AS record ${rows} WHERE a.id > ? ORDER BY a.id LIMIT ?)`).pluck()
  const decision = database.prepare('SELECT review_id FROM decision WHERE id = ?').pluck()
  const insert = database.prepare(`INSERT INTO action_item (id, reference, version, created_at, updated_at, review_id,
    decision_id, kind, title, description, root_cause, owner_id, deadline, original_deadline, success_criteria, priority,
    status, extension_count) SELECT @id, 'ACT-' || (1 + (SELECT max(rowid) FROM action_item)), 1, @now, @now, @review_id,
    @decision_id, @kind, @title, @description, @root_cause, @owner_id, @deadline, @deadline, @success_criteria, @priority,
    'open', 0`)
  const create = ({ params, body }) => {
    const review_id = decision.get(params.id)
    if (!review_id) return undefined
    const id = uuidv7()
    insert.run({ description: null, root_cause: null, ...body, id, now: new Date().toISOString(), review_id,
                 decision_id: params.id, success_criteria: JSON.stringify(body.success_criteria) })
    return one.get(id)
  }
  const createAll = database.transaction(jobs => jobs.map(job => create(job.request)))
  let waiting = []
  const commit = () => {
    const jobs = waiting
    waiting = []
    try {
      createAll.immediate(jobs).forEach((answer, i) => jobs[i].resolve(answer))
    } catch (error) {
      jobs.forEach(job => job.reject(error))
    }
  }

  const app = Fastify({ logger: false })
  const answer = (reply, body, status = 200) => body
    ? reply.code(status).header('content-type', 'application/json').send(body)
    : reply.code(404).send({ title: 'not found' })
  app.get('/v1/action-items/:id', (request, reply) => answer(reply, one.get(request.params.id)))
  app.get('/v1/action-items', (request, reply) =>
    answer(reply, `{"items":${page.get(request.query.after ?? '', Number(request.query.limit ?? 50))}}`))
  app.post('/v1/decisions/:id/action-items', { schema: { body: BODY } }, async (request, reply) => {
    const body = await new Promise((resolve, reject) => {
      if (waiting.push({ request, resolve, reject }) === 1) setImmediate(commit)
    })
    return answer(reply, body, 201)
  })
  app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) }, (error, address) => {
    if (error) throw error
    process.send?.({ address })
    if (cluster.isPrimary) console.log(address)
  })
}

if (cluster.isPrimary && processes > 1) {
  let ready = 0
  cluster.on('message', (_, { address }) => { if (++ready === processes) console.log(address) })
  for (let i = 0; i < processes; i++) cluster.fork()
  process.on('SIGTERM', () => { for (const worker of Object.values(cluster.workers)) worker.kill(); process.exit(0) })
} else {
  serve()
}
