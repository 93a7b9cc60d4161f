# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::TipRefresh do
  include_context "with a Fiber Link server"

  it "shows a tip as it was where an event cannot be recorded, and says so in the log" do
    tip = Fabricate(:fiber_link_tip, state: "open")
    serve_events([settled_event(tip)])
    FiberLink::TipRecorder.stubs(:record).raises(RuntimeError, "a mistake of ours")
    expect(described_class.call(tip)).to have_attributes(id: tip.id, state: "open")
    expect(Discourse.warnings.last.first.message).to eq("a mistake of ours")
  end

  it "locks the feed's position before the tip, as the feed does" do
    tip = Fabricate(:fiber_link_tip, state: "open", expires_at: 1.minute.ago)
    serve_events([])
    server.on("tip.get") { wire_settlement(tip) }
    queries = track_sql_queries { described_class.call(tip) }
    expect(tip.reload.state).to eq("settled")
    locks = queries.grep(/FOR UPDATE/).map { |query| query[/FROM "(\w+)"/, 1] }
    recorded = locks.last(locks.size - locks.rindex("fiber_link_feed_positions"))
    expect(recorded.first(2)).to eq(%w[fiber_link_feed_positions fiber_link_tips])
  end
end
