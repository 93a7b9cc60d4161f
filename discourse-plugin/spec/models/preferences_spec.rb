# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Preferences do
  fab!(:user)
  fab!(:other) { Fabricate(:user) }

  before { SiteSetting.fiber_link_enabled = true }

  def choices(user)
    described_class.for(user).choices.values
  end

  it "takes tips, notifies and shows nobody on the leaderboard until somebody chooses" do
    expect(choices(user)).to eq([true, true, false])
    expect(described_class.count).to eq(0)
  end

  it "is forgotten with the account" do
    described_class.change(user, notified: false)
    UserDestroyer.new(Fabricate(:admin)).destroy(user)
    expect(described_class.where(user_id: user.id)).to be_empty
  end

  it "takes no tips and shows nothing of an account that was anonymised" do
    described_class.change(user, on_leaderboard: true)
    UserAnonymizer.make_anonymous(user)
    UserAnonymizer.make_anonymous(other)
    expect(choices(user)).to eq([false, false, false])
    expect(choices(other)).to eq([false, false, false])
  end

  it "goes with the account that is merged into another" do
    described_class.change(user, notified: false, on_leaderboard: true)
    UserMerger.new(user, other).merge!
    expect(choices(other)).to eq([true, false, false])
    expect(described_class.count).to eq(1)
  end

  it "shows nobody on the leaderboard because of a merge" do
    described_class.change(user, on_leaderboard: true)
    UserMerger.new(user, other).merge!
    expect(described_class.for(other)).not_to be_on_leaderboard
  end

  it "does not close an account that another one, which was anonymised, is merged into" do
    UserAnonymizer.make_anonymous(user)
    UserMerger.new(user, other).merge!
    expect(choices(other)).to eq([true, true, false])
    expect(described_class).not_to be_closed(other.id)
  end

  it "leaves what the account that stays has chosen" do
    described_class.change(user, on_leaderboard: true)
    described_class.change(other, accepts_tips: false)
    UserMerger.new(user, other).merge!
    expect(choices(other)).to eq([false, true, false])
    expect(described_class.pluck(:user_id)).to eq([other.id])
  end

  it "has nothing to do for accounts without choices" do
    UserMerger.new(user, other).merge!
    UserDestroyer.new(Fabricate(:admin)).destroy(other)
    expect(described_class.count).to eq(0)
  end
end
