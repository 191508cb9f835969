import { dictionary } from '../../texts';

export const words = dictionary(
  {
    title: 'Đăng nhập',
    lead: 'Trả lời khách hàng của mọi kênh ở một nơi.',
    organization: 'Tổ chức',
    username: 'Tên đăng nhập',
    password: 'Mật khẩu',
    submit: 'Đăng nhập',
    wrong: 'Tổ chức, tên đăng nhập hoặc mật khẩu chưa đúng.',
    openId: 'Đăng nhập bằng tài khoản công ty',
    openIdRefused:
      'Chưa đăng nhập được bằng tài khoản công ty. Hãy thử lại, hoặc hỏi quản trị viên.',
  },
  {
    title: 'Log in',
    lead: 'Answer the customers of every channel in one place.',
    organization: 'Organization',
    username: 'Username',
    password: 'Password',
    submit: 'Log in',
    wrong: 'The organization, the username or the password is not right.',
    openId: 'Log in with the company account',
    openIdRefused:
      'The company account could not be used to log in. Try again, or ask an administrator.',
  },
);
