# frozen_string_literal: true

# Values as the Fiber Link server answers them.
module WireValues
  def wire_time(time) = time.utc.iso8601(3)

  def wire_tip(fields = {})
    {
      tipId: SecureRandom.uuid,
      postId: "1",
      fromUserId: "1",
      toUserId: "2",
      asset: "CKB",
      amount: "10",
      message: nil,
      anonymous: false,
      state: "UNPAID",
      exactState: fields[:state] || "UNPAID",
      invoice: "fibt1#{SecureRandom.hex(100)}",
      paymentHash: "0x#{SecureRandom.hex(32)}",
      createdAt: wire_time(Time.now),
      settledAt: nil,
      expiresAt: wire_time(10.minutes.from_now),
    }.merge(fields)
  end

  def wire_settled(fields = {})
    wire_tip({ state: "SETTLED", settledAt: wire_time(Time.now + 1) }.merge(fields))
  end

  # Of a tip that the forum knows.
  def wire_settlement(tip, fields = {})
    wire_settled(
      {
        tipId: tip.tip_id,
        postId: tip.post_id.to_s,
        fromUserId: tip.user_id.to_s,
        toUserId: tip.payee_id.to_s,
        amount: FiberLink::Amount.format(tip.amount),
        message: tip.message,
        anonymous: tip.anonymous,
        invoice: tip.invoice,
      }.merge(fields),
    )
  end

  def wire_assets
    ckb = { asset: "CKB", decimals: 8, tipMinimum: "1", tipMaximum: "1000", tips: true }
    rusd = { asset: "RUSD", decimals: 6, tipMinimum: nil, tipMaximum: nil, tips: true }
    limits = { withdrawalMinimum: "61", withdrawalMaximum: nil, withdrawals: true }
    { assets: [ckb, rusd].map { |asset| asset.merge(limits) } }
  end

  # A server whose events are a list that grows, each read once by its place.
  def serve_events(events)
    server.on("event.list") do |params|
      from = params["after"].to_i
      items = events[from, params["limit"]].map.with_index(from + 1) do |event, place|
        event.is_a?(Hash) ? { cursor: place.to_s, at: wire_time(Time.now + 1) }.merge(event) : event
      end
      { items: items, nextCursor: items.any? ? (from + items.size).to_s : nil }
    end
  end

  def settled_event(tip, fields = {})
    { type: "tip.settled", tip: wire_settlement(tip, fields) }
  end
end

RSpec.configure { |config| config.include WireValues }
