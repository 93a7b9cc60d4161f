# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Feed, "when something fails" do
  include_context "with a Fiber Link server"

  fab!(:target_post, :post)

  let(:tip) { Fabricate(:fiber_link_tip, post: target_post, state: "open") }
  let(:position) { FiberLink::FeedPosition.current }

  def drain = described_class.drain(pages: 1)

  def withdrawal_event
    { type: "withdrawal.completed", withdrawal: { id: "w", userId: tip.payee_id.to_s,
                                                  asset: "CKB", amount: "1" } }
  end

  [
    RuntimeError.new("a mistake of ours"),
    ActiveRecord::QueryCanceled.new("statement timeout"),
    ActiveRecord::ConnectionNotEstablished.new("connection"),
  ].each do |error|
    it "reads the page again after #{error.class}" do
      serve_events([settled_event(tip)])
      FiberLink::TipRecorder.stubs(:record).raises(error)
      expect { drain }.to raise_error(error.class)
      expect(position.reload).to have_attributes(cursor: nil, passed_over: 0)
      FiberLink::TipRecorder.unstub(:record)
      drain
      expect(tip.reload.state).to eq("settled")
      expect(Notification.count).to eq(1)
    end
  end

  it "settles a tip though nobody can be told, whatever the mistake" do
    serve_events([settled_event(tip)])
    FiberLink::TipNotifier.stubs(:tip_settled).raises(RuntimeError, "of another plugin")
    drain
    expect(tip.reload.state).to eq("settled")
    expect(position.reload).to have_attributes(cursor: "1", passed_over: 0)
    expect(Discourse.warnings.last.last(2).first).to include(tip.tip_id)
  end

  it "does not lose the notification with the transaction" do
    serve_events([settled_event(tip)])
    FiberLink::TipNotifier.stubs(:tip_settled).raises(ActiveRecord::ConnectionNotEstablished)
    expect { drain }.to raise_error(ActiveRecord::ConnectionNotEstablished)
    FiberLink::TipNotifier.unstub(:tip_settled)
    expect { drain }.to change { Notification.count }.by(1)
  end

  it "goes on where nobody can be told of a withdrawal" do
    serve_events([withdrawal_event, settled_event(tip)])
    Notification.stubs(:create!).raises(RuntimeError, "of another plugin")
    FiberLink::TipNotifier.stubs(:tip_settled)
    drain
    expect(tip.reload.state).to eq("settled")
    expect(position.reload.passed_over).to eq(0)
  end

  it "passes over what the database refuses by its value" do
    serve_events([settled_event(Fabricate(:fiber_link_tip)), settled_event(tip)])
    FiberLink::TipRecorder.stubs(:record).raises(ActiveRecord::RecordInvalid).then.returns(nil)
    drain
    expect(position.reload).to have_attributes(cursor: "2", passed_over: 1)
  end

  it "asks for half as many events after a page that was too large, and gets past it" do
    large = { invoice: "f" * 4096, message: "x" * 1000, padding: "x" * 9000 }
    events = Array.new(99) { { type: "tip.settled", tip: wire_settled(large) } }
    serve_events([*events, settled_event(tip)])
    expect { drain }.to raise_error(FiberLink::Unavailable)
    expect(position.reload).to have_attributes(cursor: nil, last_error: "bad_answer")
    expect(described_class.drain(pages: 5)).to eq(true)
    expect(tip.reload.state).to eq("settled")
    expect(server.calls("event.list").map { |call| call.params["limit"] }).to eq([100, 50, 50, 50])
  end

  it "asks for one event at least" do
    Discourse.redis.set(FiberLink::Feed::SMALLER_KEY, "1")
    server_writes(http("200 OK", "x" * 2.megabytes))
    expect { drain }.to raise_error(FiberLink::Unavailable)
    expect(described_class.new.limit).to eq(1)
  end

  it "tells rows that the database refuses from what may pass" do
    refused =
      begin
        FiberLink::Tip.transaction(requires_new: true) do
          FiberLink::Tip.insert({ tip_id: "t", asset: "CKB", amount: -1, created_at: Time.zone.now,
                                  updated_at: Time.zone.now })
        end
      rescue ActiveRecord::StatementInvalid => e
        e
      end
    expect(FiberLink::DatabaseError).to be_of_row(refused)
    expect(FiberLink::DatabaseError).not_to be_of_row(ActiveRecord::QueryCanceled.new)
  end
end
