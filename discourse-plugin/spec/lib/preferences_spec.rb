# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Preferences do
  fab!(:creator, :user)
  fab!(:reader) { Fabricate(:user) }
  fab!(:target_post) { Fabricate(:post, user: creator) }

  before { SiteSetting.fiber_link_enabled = true }

  def offered?(user)
    FiberLink::TipPolicy.new(user, [target_post]).offered?(target_post)
  end

  def notified?
    tip = Fabricate(:fiber_link_tip, post: target_post, user: reader, settled_at: 1.minute.from_now)
    FiberLink::TipNotifier.tip_settled(tip)
    Notification.where(user_id: creator.id).destroy_all.any?
  end

  it "offers no tip to a creator who takes none, to visitors neither" do
    expect([offered?(reader), offered?(nil)]).to eq([true, true])
    described_class.change(creator, accepts_tips: false)
    expect([offered?(reader), offered?(nil)]).to eq([false, false])
    expect { FiberLink::TipPolicy.new(reader, [target_post]).check!(target_post) }.to raise_error(
      FiberLink::Refused,
    ) { |error| expect(error.reason).to eq(:not_tippable) }
  end

  it "offers no tip to an account that was anonymised" do
    UserAnonymizer.make_anonymous(creator)
    expect(offered?(reader)).to eq(false)
  end

  it "notifies a creator of tips unless told otherwise" do
    expect(notified?).to eq(true)
    described_class.change(creator, notified: false)
    expect(notified?).to eq(false)
  end
end
