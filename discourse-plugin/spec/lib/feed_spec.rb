# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Feed do
  include_context "with a Fiber Link server"

  fab!(:giver, :user)
  fab!(:target_post, :post)

  let(:tip) { Fabricate(:fiber_link_tip, post: target_post, user: giver, state: "open") }
  let(:position) { FiberLink::FeedPosition.current }

  # A tip that the forum did not start: of the earlier plugin, or of a lost answer.
  def foreign_event(fields = {})
    places = {
      postId: target_post.id.to_s,
      fromUserId: giver.id.to_s,
      toUserId: target_post.user_id.to_s,
    }
    { type: "tip.settled", tip: wire_settled(places.merge(fields)) }
  end

  def drain(pages: 10) = described_class.drain(pages: pages)

  it "settles the forum's own tip" do
    serve_events([settled_event(tip)])
    drain
    expect(tip.reload).to have_attributes(state: "settled", post_id: target_post.id)
    expect(tip.settled_at).to be_within(2.seconds).of(1.second.from_now)
  end

  it "keeps the cursor with what it recorded, and goes on from there" do
    events = [settled_event(tip)]
    serve_events(events)
    drain
    expect(position.reload).to have_attributes(cursor: "1", last_error: nil)
    expect(position.last_sync_at).to be_within(1.minute).of(Time.zone.now)
    events << foreign_event
    drain
    expect(FiberLink::Tip.settled.count).to eq(2)
    expect(server.calls("event.list").map { |call| call.params["after"] }).to eq([nil, "1"])
  end

  it "records every tip once, however often it is told" do
    event = foreign_event(amount: "1.5", message: "Hi", anonymous: true)
    serve_events([event, event, event])
    expect { drain }.to change { Notification.count }.by(1)
    expect(FiberLink::Tip.count).to eq(1)
    position.update!(cursor: nil)
    expect { drain }.not_to change { [Notification.count, FiberLink::Tip.count] }
    expect(FiberLink::Tip.last).to have_attributes(
      amount: BigDecimal("1.5"),
      message: "Hi",
      anonymous: true,
      user_id: giver.id,
      payee_id: target_post.user_id,
      topic_id: target_post.topic_id,
    )
  end

  it "says of a tip of the history when it was made" do
    times = { createdAt: "2024-01-01T00:00:00.000Z", settledAt: "2024-01-01T00:01:00.000Z" }
    serve_events([foreign_event(times), foreign_event(createdAt: nil)])
    drain
    expect(FiberLink::Tip.order(:id).first.created_at).to eq(Time.utc(2024))
    expect(FiberLink::Tip.last.created_at).to be_within(1.minute).of(Time.zone.now)
  end

  it "does not let a settled tip go back" do
    serve_events([settled_event(tip)])
    drain
    was = tip.reload.attributes
    %w[UNPAID FAILED].each do |state|
      answer = FiberLink::Answer.new(wire_tip(tipId: tip.tip_id, state: state).as_json, "tip.get")
      outcome = FiberLink::TipRecorder.record(answer)
      expect(outcome).to have_attributes(changed: false, settled: false)
    end
    expect(tip.reload.attributes).to eq(was)
  end

  it "reads at most so many pages in one run" do
    serve_events(250.times.map { foreign_event })
    expect(drain(pages: 2)).to eq(false)
    expect(FiberLink::Tip.count).to eq(200)
    expect(drain(pages: 2)).to eq(true)
    expect(FiberLink::Tip.count).to eq(250)
  end

  it "passes over what it cannot record, and says so in the log" do
    bad = [
      1,
      nil,
      {},
      { type: "tip.settled" },
      { type: "tip.settled", tip: [] },
      foreign_event(amount: "-1"),
      foreign_event(amount: "0"),
      foreign_event(amount: 5),
      foreign_event(tipId: "\u0000"),
      foreign_event(tipId: "x" * 300),
      foreign_event(settledAt: nil),
      foreign_event(state: "PAID"),
      foreign_event(invoice: "<script>"),
      foreign_event(message: "x" * 2000),
      foreign_event(message: { a: 1 }),
    ]
    serve_events([*bad, settled_event(tip)])
    Discourse.expects(:warn_exception).times(bad.size)
    drain
    expect(tip.reload.state).to eq("settled")
    expect(FiberLink::Tip.count).to eq(1)
    expect(position.reload.passed_over).to eq(bad.size)
  end

  it "reads over types of events that it does not know" do
    serve_events([{ type: "app.renamed", name: "x" }, settled_event(tip)])
    drain
    expect(tip.reload.state).to eq("settled")
    expect(position.reload.passed_over).to eq(0)
  end

  it "records tips whose post and people the forum does not have" do
    serve_events(
      [
        foreign_event(postId: "4711000", fromUserId: "999999", toUserId: "888888"),
        foreign_event(postId: "https://example.com/a", fromUserId: nil, toUserId: "somebody"),
      ],
    )
    drain
    expect(FiberLink::Tip.pluck(:post_id, :user_id, :payee_id).uniq).to eq([[nil, nil, nil]])
    expect(Notification.count).to eq(0)
  end

  it "leaves NUL and broken characters out of messages" do
    serve_events([foreign_event(message: "a\u0000b")])
    drain
    expect(FiberLink::Tip.last.message).to eq("ab")
  end

  it "believes no page without a list or with a cursor that is none" do
    [
      {},
      { items: {} },
      { items: [], nextCursor: 5 },
      { items: [], nextCursor: "x" * 300 },
    ].each do |page|
      server.on("event.list") { page }
      expect { drain }.to raise_error(FiberLink::Unavailable)
      expect(position.reload).to have_attributes(cursor: nil, last_error: "bad_answer")
    end
  end

  it "reads everything anew where the server does not know its cursor" do
    position.update!(cursor: "of-another-store")
    unknown = { issues: [{ field: "after", message: "not a cursor of this app" }] }
    server.on("event.list") do |params|
      case params["after"]
      when "of-another-store" then server.error(-32_602, "Invalid params", unknown)
      when nil then { items: [settled_event(tip)], nextCursor: "1" }
      else { items: [], nextCursor: nil }
      end
    end
    drain
    expect(position.reload.cursor).to be_nil
    drain
    expect(position.reload.cursor).to eq("1")
    expect(tip.reload.state).to eq("settled")
  end

  it "says that an answer is bad where the server refuses anything else of it" do
    server.on("event.list") { server.error(-32_602, "words") }
    expect { drain }.to raise_error(FiberLink::Unavailable)
    expect(position.reload.last_error).to eq("bad_answer")
  end

  it "keeps the kind of the last error until the next success" do
    SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
    expect { drain }.to raise_error(FiberLink::Unavailable)
    expect(position.reload.last_error).to eq("unreachable")
    server.configure_forum
    serve_events([])
    drain
    expect(position.reload.last_error).to be_nil
  end

  it "drops a page that another process has recorded meanwhile" do
    server.on("event.list") do
      FiberLink::FeedPosition.current.update!(cursor: "elsewhere")
      { items: [foreign_event.merge(cursor: "1", at: wire_time(Time.now))], nextCursor: "1" }
    end
    described_class.advance
    expect(FiberLink::Tip.count).to eq(0)
    expect(position.reload.cursor).to eq("elsewhere")
  end

  it "records nothing when the cursor cannot be kept" do
    serve_events([settled_event(tip)])
    FiberLink::FeedPosition.any_instance.stubs(:update!).raises(
      ActiveRecord::StatementInvalid,
    )
    FiberLink::Tip.transaction(requires_new: true) do
      expect { drain }.to raise_error(ActiveRecord::StatementInvalid)
      raise ActiveRecord::Rollback
    end
    expect(tip.reload.state).to eq("open")
    expect(Notification.count).to eq(0)
  end

  it "notifies nobody of what settled before the installation, and counts it" do
    position.update!(created_at: Time.zone.now)
    old = wire_time(1.minute.ago)
    serve_events([foreign_event(settledAt: old)])
    messages = MessageBus.track_publish { drain }
    expect(FiberLink::Tip.settled.count).to eq(1)
    expect(Notification.count).to eq(0)
    expect(messages.map(&:channel).grep(%r{\A/(topic|fiber-link)})).to be_empty
  end

  describe "what is pushed" do
    it "is the post's new total, to whoever may see the topic" do
      serve_events([settled_event(tip), foreign_event])
      messages = MessageBus.track_publish("/topic/#{target_post.topic_id}") { drain }
      expect(messages.size).to eq(1)
      expect(messages.first.data).to include(id: target_post.id, type: "fiber_link_tips")
      expect(messages.first.data[:fiber_link_tips][:count]).to eq(2)
      expect(messages.first).to have_attributes(user_ids: nil, group_ids: nil)
    end

    it "stays within the groups of a restricted category" do
      group = Fabricate(:group)
      target_post.topic.update!(category: Fabricate(:private_category, group: group))
      serve_events([settled_event(tip)])
      messages = MessageBus.track_publish("/topic/#{target_post.topic_id}") { drain }
      expect(messages.first.group_ids).to eq([group.id])
    end

    it "is the tip's state, to who gave it alone" do
      serve_events([settled_event(tip, anonymous: true)])
      messages = MessageBus.track_publish("/fiber-link/tips") { drain }
      expect(messages.map(&:user_ids)).to eq([[giver.id]])
      expect(messages.first.data).to include(id: tip.tip_id, state: "settled")
      expect(messages.first.data[:settled_at]).to be_present
    end

    it "is nothing for a post that is deleted" do
      serve_events([settled_event(tip)])
      target_post.trash!
      expect(MessageBus.track_publish("/topic/#{target_post.topic_id}") { drain }).to be_empty
    end
  end
end
