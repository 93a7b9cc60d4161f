# frozen_string_literal: true

# `expect_enqueued_with(job: :name, args: {})` as in Discourse's specs.
module JobMatchers
  def expect_enqueued_with(job:, args: {})
    before = Jobs.enqueued.dup
    yield
    found = matching(before, job, args)
    expect(found).to be_present, "no job #{job} #{args}, but #{Jobs.enqueued.map(&:to_a)}"
  end

  def expect_not_enqueued_with(job:, args: {})
    before = Jobs.enqueued.dup
    yield
    expect(matching(before, job, args)).to be_empty
  end

  private

  def matching(before, job, args)
    Jobs.enqueued[before.size..].select do |enqueued|
      enqueued.name == job && args.all? { |name, value| enqueued.args[name] == value }
    end
  end
end

RSpec.configure { |config| config.include JobMatchers }
